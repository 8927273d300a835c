package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// The official black-box suite on `Connection.sink()`.
public class ConnectionSinkBlackboxTck extends SinkBlackboxTck<ByteBuffer> {

    public ConnectionSinkBlackboxTck() {
        super(SinkKind.CONNECTION);
    }
}
