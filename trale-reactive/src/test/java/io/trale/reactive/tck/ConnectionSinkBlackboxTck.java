package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// `Connection.sink()` keeps the rules of a Subscriber towards any Publisher.
public class ConnectionSinkBlackboxTck extends SinkBlackboxTck<ByteBuffer> {

    public ConnectionSinkBlackboxTck() {
        super(SinkKind.CONNECTION);
    }
}
