package io.trale.reactive.tck;

import io.trale.reactive.Event;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// What opens something keeps the rules of Reactive Streams on its own: the suite of [OpenTck], with nothing of Reactor's
/// between.
public class RawOpenTck extends OpenTck {

    public RawOpenTck() {}

    @Override
    Publisher<Event> asSeen(Mono<Event> opened) {
        return CoreSubscriberAdapter.raw(opened);
    }
}
