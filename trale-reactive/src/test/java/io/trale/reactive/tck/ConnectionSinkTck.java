package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// `Connection.sink()` keeps the rules of a Subscriber.
public class ConnectionSinkTck extends SinkTck<ByteBuffer> {

    public ConnectionSinkTck() {
        super(SinkKind.CONNECTION);
    }
}
