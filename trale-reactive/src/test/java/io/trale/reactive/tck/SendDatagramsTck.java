package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// The official black-box suite on the subscriber of `UdpEndpoint.send()`.
public class SendDatagramsTck extends SendingTck<Datagram> {

    public SendDatagramsTck() {}

    @Override
    Mono<Void> send(Trale trale, Publisher<Datagram> source) {
        return SinkKind.endpoint(trale).send(source);
    }

    @Override
    public Datagram createElement(int element) {
        return SinkKind.datagram(element);
    }
}
