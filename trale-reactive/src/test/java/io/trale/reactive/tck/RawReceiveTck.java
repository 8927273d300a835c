package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;

/// The suite of [ReceiveTck] without a wrapper of Reactor before the subscriber.
public class RawReceiveTck extends ReceivingTck<ByteBuffer> {

    public RawReceiveTck() {}

    @Override
    Publisher<ByteBuffer> publisher(Connection connection) {
        return CoreSubscriberAdapter.raw(connection.receive());
    }
}
