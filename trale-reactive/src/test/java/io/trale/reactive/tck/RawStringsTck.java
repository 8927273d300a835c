package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [StringsTck] without a wrapper of Reactor before the subscriber.
public class RawStringsTck extends StringsTck {

    public RawStringsTck() {}

    @Override
    Publisher<String> asSeen(Flux<String> elements) {
        return CoreSubscriberAdapter.raw(elements);
    }
}
