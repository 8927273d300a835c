package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.Lease;
import io.trale.reactive.testing.ElementCloser;
import org.reactivestreams.Publisher;

/// The official suite on `Connection.receiveLeases()` as a Flux.
public class ReceiveLeasesTck extends ReceivingTck<Lease> {

    public ReceiveLeasesTck() {}

    @Override
    Publisher<Lease> publisher(Connection connection) {
        return ElementCloser.each(connection.receiveLeases(), Lease::close);
    }
}
