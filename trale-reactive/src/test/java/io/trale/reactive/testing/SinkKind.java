package io.trale.reactive.testing;

import io.trale.reactive.Connection;
import io.trale.reactive.Datagram;
import io.trale.reactive.Sink;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.testing.Support.Pair;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.IntFunction;

/// A kind of sink and its elements, for suites that apply to all kinds.
public record SinkKind<T>(Function<Trale, Sink<T>> open, IntFunction<T> element) {

    public static final SinkKind<ByteBuffer> CONNECTION = new SinkKind<>(trale -> connection(trale).sink(), SinkKind::buffer);

    public static final SinkKind<Datagram> DATAGRAMS = new SinkKind<>(trale -> endpoint(trale).sink(), SinkKind::datagram);

    public static final SinkKind<ByteBuffer> FILE = new SinkKind<>(trale -> trale.sink(Path.of("/dev/null")), SinkKind::buffer);

    public static final SinkKind<Long> EVENT = new SinkKind<>(trale -> trale.event().block().sink(), element -> 1L + element);

    /// A connection whose peer lives as long as it does, and reads nothing.
    public static Connection connection(Trale trale) {
        Pair pair = Pair.of(trale);
        pair.connection().onClose().subscribe(null, null, () -> Support.close(pair.peer()));
        return pair.connection();
    }

    /// An endpoint that is connected to itself.
    public static UdpEndpoint endpoint(Trale trale) {
        return trale.udp(Support.loopback(0)).flatMap(endpoint -> endpoint.connect(endpoint.localAddress())).block();
    }

    public static ByteBuffer buffer(int element) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, element);
    }

    public static Datagram datagram(int element) {
        return Datagram.of(buffer(element));
    }
}
