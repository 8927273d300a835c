package io.trale.reactive.tck;

import io.trale.reactive.codec.Lines;
import java.nio.charset.StandardCharsets;

/// Several lines in a chunk, and chunks that end inside a line.
public class LinesTck extends ViewTck<String> {

    public LinesTck() {
        super(Lines.of(StandardCharsets.UTF_8), (byte) 'a', (byte) '\n');
    }
}
