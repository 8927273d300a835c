package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;

/// `Connection.receive()` keeps the rules of Reactive Streams as its users meet it, as a Flux.
public class ReceiveTck extends ReceivingTck<ByteBuffer> {

    public ReceiveTck() {}

    @Override
    Publisher<ByteBuffer> publisher(Connection connection) {
        return connection.receive();
    }
}
