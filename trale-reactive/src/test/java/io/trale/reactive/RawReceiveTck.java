package io.trale.reactive;

import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Connection.receive()` keeps the rules of Reactive Streams on its own: the suite of [ReceiveTck], with nothing of
/// Reactor's between.
public class RawReceiveTck extends ReceiveTck {

    public RawReceiveTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> receive) {
        return Passing.raw(receive);
    }
}
