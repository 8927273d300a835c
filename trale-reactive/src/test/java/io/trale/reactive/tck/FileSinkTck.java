package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// The official white-box suite on `Trale.sink(Path)`.
public class FileSinkTck extends SinkTck<ByteBuffer> {

    public FileSinkTck() {
        super(SinkKind.FILE);
    }
}
