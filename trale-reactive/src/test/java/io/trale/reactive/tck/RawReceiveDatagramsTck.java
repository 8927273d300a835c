package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `UdpEndpoint.receive()` keeps the rules of Reactive Streams on its own: the suite of [ReceiveDatagramsTck], with nothing
/// of Reactor's between.
public class RawReceiveDatagramsTck extends ReceiveDatagramsTck {

    public RawReceiveDatagramsTck() {}

    @Override
    Publisher<Datagram> asSeen(Flux<Datagram> received) {
        return CoreSubscriberAdapter.raw(received);
    }
}
