package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// The official white-box suite on `Connection.sink()`.
public class ConnectionSinkTck extends SinkTck<ByteBuffer> {

    public ConnectionSinkTck() {
        super(SinkKind.CONNECTION);
    }
}
