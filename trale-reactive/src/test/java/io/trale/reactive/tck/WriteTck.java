package io.trale.reactive.tck;

import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// `Trale.write()` keeps the rules of a Subscriber towards any Publisher.
public class WriteTck extends SendingTck<ByteBuffer> {

    public WriteTck() {}

    @Override
    Mono<Void> send(Trale trale, Publisher<ByteBuffer> source) {
        return trale.write(Path.of("/dev/null"), source);
    }

    @Override
    public ByteBuffer createElement(int element) {
        return SinkKind.buffer(element);
    }
}
