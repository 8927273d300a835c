package io.trale.reactive.tck;

import io.trale.reactive.codec.Strings;
import java.nio.charset.StandardCharsets;

/// One string for each chunk, longer than one character.
public class StringsTck extends ViewTck<String> {

    public StringsTck() {
        super(Strings.of(StandardCharsets.UTF_8), "1234567".getBytes(StandardCharsets.UTF_8));
    }
}
