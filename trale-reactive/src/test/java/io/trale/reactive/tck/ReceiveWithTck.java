package io.trale.reactive.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import org.reactivestreams.Publisher;

/// The official suite on `Connection.receiveWith()` as a Flux.
public class ReceiveWithTck extends ReceivingTck<Byte> {

    public ReceiveWithTck() {}

    @Override
    Publisher<Byte> publisher(Connection connection) {
        return connection.receiveWith(segment -> segment.get(JAVA_BYTE, 0));
    }
}
