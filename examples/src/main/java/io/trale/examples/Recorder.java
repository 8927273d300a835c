package io.trale.examples;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import io.trale.reactive.Datagram;
import io.trale.reactive.codec.Frames;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.WriteOptions;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// Appends each datagram to a file: four bytes of length, then the data. [Frames] can decode the file.
///
/// The file writer requests only as many datagrams as it can write. If the disk is too slow, the socket's receive buffer
/// fills. Then the kernel drops datagrams and counts them. This process buffers nothing.
@Command(name = "record",
        description = "Records the datagrams of a UDP port to a file, until it is interrupted; reports dropped datagrams.")
final class Recorder implements Callable<Integer> {

    static final Frames FRAMES = Frames.lengthPrefixed(4);

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration AGAIN = Duration.ofMillis(10);

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7005",
            description = "UDP port to receive on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Parameters(paramLabel = "FILE", description = "The file to append to; created if it does not exist.")
    private Path file;

    /// Written only on the loop thread.
    private volatile long recorded;
    private volatile long dropped;

    @Override
    public Integer call() {
        int port = Ports.checked(spec, this.port);
        if (Files.isDirectory(file)) {
            throw new ParameterException(spec.commandLine(), file + " is a directory");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Sinks.Empty<Void> stop = Sinks.empty();
        try (Trale trale = Trale.start()) {
            UdpEndpoint udp = trale.udp(port).block();
            Servers.whenInterrupted(trale, stop::tryEmitEmpty);
            out.println("listening on port " + udp.localAddress().getPort());
            Disposable live = trale.ticks(SECOND).map(tick -> dropped).filter(count -> count > 0).distinctUntilChanged()
                    .subscribe(count -> err.println("dropped so far: " + count));
            record(trale, udp, file, stop.asMono()).doFinally(end -> live.dispose()).block();
            out.println("recorded " + recorded + " datagrams, dropped " + dropped);
        }
        return 0;
    }

    /// Appends the datagrams of `udp` to `file` until `stop` completes, including those in the socket's queue at that time.
    /// To find the end of the queue, sends a farewell datagram to `udp` itself and waits for it. If the kernel drops the
    /// farewell because the queue is full, sends another.
    Mono<Void> record(Trale trale, UdpEndpoint udp, Path file, Mono<Void> stop) {
        InetSocketAddress self = new InetSocketAddress(InetAddress.getLoopbackAddress(), udp.localAddress().getPort());
        Flux<Datagram> farewells = stop.thenMany(trale.ticks(Duration.ZERO, AGAIN))
                .index((before, tick) -> Datagram.to(self, ByteBuffer.allocate(Long.BYTES).putLong(0, before)));
        Flux<ByteBuffer> frames = udp.receive()
                .takeWhile(datagram -> count(datagram, self.equals(datagram.peer())))
                .takeUntilOther(udp.send(farewells))
                .map(datagram -> FRAMES.encode(datagram.data()));
        return trale.write(file, frames, WriteOptions.defaults().open(CREATE, APPEND));
    }

    /// Counts `datagram`; returns false for a farewell. A farewell contains the number of farewells sent before it. These
    /// were dropped, and are not counted as dropped.
    private boolean count(Datagram datagram, boolean farewell) {
        dropped = datagram.dropped() - (farewell ? datagram.data().getLong(0) : 0);
        recorded += farewell ? 0 : 1;
        return !farewell;
    }

    /// The number of datagrams passed to the file writer.
    long recorded() {
        return recorded;
    }

    /// The number of datagrams that the kernel had dropped when the last one was received.
    long dropped() {
        return dropped;
    }
}
