package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [ReceiveDatagramsTck] without a wrapper of Reactor before the subscriber.
public class RawReceiveDatagramsTck extends ReceiveDatagramsTck {

    public RawReceiveDatagramsTck() {}

    @Override
    Publisher<Datagram> asSeen(Flux<Datagram> received) {
        return CoreSubscriberAdapter.raw(received);
    }
}
