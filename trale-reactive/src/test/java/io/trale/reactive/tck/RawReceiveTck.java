package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.testing.CoreSubscriberAdapter;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;

/// `Connection.receive()` keeps the rules of Reactive Streams on its own, with nothing of Reactor's between.
public class RawReceiveTck extends ReceivingTck<ByteBuffer> {

    public RawReceiveTck() {}

    @Override
    Publisher<ByteBuffer> publisher(Connection connection) {
        return CoreSubscriberAdapter.raw(connection.receive());
    }
}
