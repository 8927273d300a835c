package io.trale.reactive.tck;

import io.trale.reactive.Tick;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Trale.ticks()` keeps the rules of Reactive Streams on its own: the suite of [TicksTck], with nothing of Reactor's
/// between.
public class RawTicksTck extends TicksTck {

    public RawTicksTck() {}

    @Override
    Publisher<Tick> asSeen(Flux<Tick> ticks) {
        return CoreSubscriberAdapter.raw(ticks);
    }
}
