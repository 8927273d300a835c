package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;

/// The official suite on `Connection.receive()` as a Flux.
public class ReceiveTck extends ReceivingTck<ByteBuffer> {

    public ReceiveTck() {}

    @Override
    Publisher<ByteBuffer> publisher(Connection connection) {
        return connection.receive();
    }
}
