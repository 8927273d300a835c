package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Lines` keeps the rules of Reactive Streams on its own: the suite of [LinesTck], with nothing of Reactor's between.
public class RawLinesTck extends LinesTck {

    public RawLinesTck() {}

    @Override
    Publisher<String> asSeen(Flux<String> elements) {
        return CoreSubscriberAdapter.raw(elements);
    }
}
