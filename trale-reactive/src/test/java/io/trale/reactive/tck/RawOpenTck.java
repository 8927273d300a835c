package io.trale.reactive.tck;

import io.trale.reactive.Event;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// The suite of [OpenTck] without a wrapper of Reactor before the subscriber.
public class RawOpenTck extends OpenTck {

    public RawOpenTck() {}

    @Override
    Publisher<Event> asSeen(Mono<Event> opened) {
        return CoreSubscriberAdapter.raw(opened);
    }
}
