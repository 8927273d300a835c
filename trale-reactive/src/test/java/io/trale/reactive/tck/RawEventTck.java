package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [EventTck] without a wrapper of Reactor before the subscriber.
public class RawEventTck extends EventTck {

    public RawEventTck() {}

    @Override
    Publisher<Long> asSeen(Flux<Long> signals) {
        return CoreSubscriberAdapter.raw(signals);
    }
}
