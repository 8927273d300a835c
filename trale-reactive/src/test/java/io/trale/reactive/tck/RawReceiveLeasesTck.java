package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.Lease;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import io.trale.reactive.testing.ElementCloser;
import org.reactivestreams.Publisher;

/// The suite of [ReceiveLeasesTck] without a wrapper of Reactor before the subscriber.
public class RawReceiveLeasesTck extends ReceivingTck<Lease> {

    public RawReceiveLeasesTck() {}

    @Override
    Publisher<Lease> publisher(Connection connection) {
        return ElementCloser.each(CoreSubscriberAdapter.raw(connection.receiveLeases()), Lease::close);
    }
}
