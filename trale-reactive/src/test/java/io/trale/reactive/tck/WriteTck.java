package io.trale.reactive.tck;

import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// The official black-box suite on the subscriber of `Trale.write()`.
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
