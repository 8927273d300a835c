package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// `Trale.sink(Path)` keeps the rules of a Subscriber towards any Publisher.
public class FileSinkBlackboxTck extends SinkBlackboxTck<ByteBuffer> {

    public FileSinkBlackboxTck() {
        super(SinkKind.FILE);
    }
}
