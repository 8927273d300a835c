package io.trale.reactive;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Strings` keeps the rules of Reactive Streams on its own: the suite of [StringsTck], with nothing of Reactor's between.
public class RawStringsTck extends StringsTck {

    public RawStringsTck() {}

    @Override
    Publisher<String> asSeen(Flux<String> elements) {
        return Passing.raw(elements);
    }
}
