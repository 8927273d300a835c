package io.trale.reactive.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import org.reactivestreams.Publisher;

/// `Connection.receiveWith()` keeps the rules of Reactive Streams on its own, with nothing of Reactor's between.
public class RawReceiveWithTck extends ReceivingTck<Byte> {

    public RawReceiveWithTck() {}

    @Override
    Publisher<Byte> publisher(Connection connection) {
        return CoreSubscriberAdapter.raw(connection.receiveWith(segment -> segment.get(JAVA_BYTE, 0)));
    }
}
