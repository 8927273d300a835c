package io.trale.reactive;

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
