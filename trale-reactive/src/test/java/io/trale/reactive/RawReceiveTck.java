package io.trale.reactive;

import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Connection.receive()` keeps the rules of Reactive Streams on its own: the suite of [ReceiveTck], with its subscribers
/// passed through as Reactor's own kind, since for any other Reactor puts a wrapper between that keeps some of the rules.
public class RawReceiveTck extends ReceiveTck {

    public RawReceiveTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> receive) {
        return subscriber -> receive.subscribe(subscriber == null ? null : new Passing<>(subscriber));
    }
}
