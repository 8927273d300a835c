package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import io.trale.reactive.testing.ElementCloser;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [AcceptTck] without a wrapper of Reactor before the subscriber.
public class RawAcceptTck extends AcceptTck {

    public RawAcceptTck() {}

    @Override
    Publisher<Connection> asSeen(Flux<Connection> accepted) {
        return ElementCloser.each(CoreSubscriberAdapter.raw(accepted), Connection::abort);
    }
}
