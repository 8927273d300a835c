package io.trale.reactive.tck;

import io.trale.reactive.Lease;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import io.trale.reactive.testing.TestLease;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// The official black-box suite on the subscriber of `Connection.sendLeases()`.
public class SendLeasesTck extends SendingTck<Lease> {

    public SendLeasesTck() {}

    @Override
    Mono<Void> send(Trale trale, Publisher<Lease> source) {
        return SinkKind.connection(trale).sendLeases(source);
    }

    @Override
    public Lease createElement(int element) {
        return new TestLease(new byte[] {(byte) element}).lease();
    }
}
