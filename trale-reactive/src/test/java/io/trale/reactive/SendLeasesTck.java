package io.trale.reactive;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// `Connection.sendLeases()` keeps the rules of a Subscriber towards any Publisher.
public class SendLeasesTck extends SendingTck<Lease> {

    public SendLeasesTck() {}

    @Override
    Mono<Void> send(Trale trale, Publisher<Lease> source) {
        return SinkKind.connection(trale).sendLeases(source);
    }

    @Override
    public Lease createElement(int element) {
        return new Lent(new byte[] {(byte) element}).lease();
    }
}
