package io.trale.reactive.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;

/// The suite of [ReceiveWithTck] without a wrapper of Reactor before the subscriber.
public class RawReceiveWithTck extends ReceivingTck<Byte> {

    public RawReceiveWithTck() {}

    @Override
    Publisher<Byte> publisher(Connection connection) {
        return CoreSubscriberAdapter.raw(connection.receiveWith(segment -> segment.get(JAVA_BYTE, 0)));
    }
}
