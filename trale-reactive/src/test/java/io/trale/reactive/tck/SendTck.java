package io.trale.reactive.tck;

import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// The official black-box suite on the subscriber of `Connection.send()`.
public class SendTck extends SendingTck<ByteBuffer> {

    public SendTck() {}

    @Override
    Mono<Void> send(Trale trale, Publisher<ByteBuffer> source) {
        return SinkKind.connection(trale).send(source);
    }

    @Override
    public ByteBuffer createElement(int element) {
        return SinkKind.buffer(element);
    }
}
