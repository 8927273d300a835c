package io.trale.reactive.buffer;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One call of a decoder, by the contract of `io.trale.reactive.codec.Decoder`, on which this package does not depend.
@FunctionalInterface
public interface DecodeStep<T> {

    @Nullable T decode(ByteBuffer in, boolean end) throws IOException;
}
