package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;
import java.nio.ByteBuffer;

/// `Trale.sink(Path)` keeps the rules of a Subscriber.
public class FileSinkTck extends SinkTck<ByteBuffer> {

    public FileSinkTck() {
        super(SinkKind.FILE);
    }
}
