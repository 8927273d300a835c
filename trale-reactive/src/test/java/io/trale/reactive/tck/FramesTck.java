package io.trale.reactive.tck;

import io.trale.reactive.codec.Frames;
import java.nio.ByteBuffer;

/// Frames that are longer than their chunks.
public class FramesTck extends ViewTck<ByteBuffer> {

    public FramesTck() {
        super(Frames.lengthPrefixed(1), new byte[] {9, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    }
}
