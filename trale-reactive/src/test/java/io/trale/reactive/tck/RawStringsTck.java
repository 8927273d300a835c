package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Strings` keeps the rules of Reactive Streams on its own: the suite of [StringsTck], with nothing of Reactor's between.
public class RawStringsTck extends StringsTck {

    public RawStringsTck() {}

    @Override
    Publisher<String> asSeen(Flux<String> elements) {
        return CoreSubscriberAdapter.raw(elements);
    }
}
