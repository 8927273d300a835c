package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// The official black-box suite on `Trale.sink(Path)`.
public class FileSinkBlackboxTck extends SinkBlackboxTck<ByteBuffer> {

    public FileSinkBlackboxTck() {
        super(SinkKind.FILE);
    }
}
