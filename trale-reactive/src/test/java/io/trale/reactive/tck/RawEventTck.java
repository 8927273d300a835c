package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Event.signals()` keeps the rules of Reactive Streams on its own: the suite of [EventTck], with nothing of Reactor's
/// between.
public class RawEventTck extends EventTck {

    public RawEventTck() {}

    @Override
    Publisher<Long> asSeen(Flux<Long> signals) {
        return CoreSubscriberAdapter.raw(signals);
    }
}
