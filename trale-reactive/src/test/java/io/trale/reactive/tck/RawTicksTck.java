package io.trale.reactive.tck;

import io.trale.reactive.Tick;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [TicksTck] without a wrapper of Reactor before the subscriber.
public class RawTicksTck extends TicksTck {

    public RawTicksTck() {}

    @Override
    Publisher<Tick> asSeen(Flux<Tick> ticks) {
        return CoreSubscriberAdapter.raw(ticks);
    }
}
