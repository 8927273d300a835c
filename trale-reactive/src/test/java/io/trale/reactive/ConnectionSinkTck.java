package io.trale.reactive;

import java.nio.ByteBuffer;

/// `Connection.sink()` keeps the rules of a Subscriber.
public class ConnectionSinkTck extends SinkTck<ByteBuffer> {

    public ConnectionSinkTck() {
        super(SinkKind.CONNECTION);
    }
}
