package io.trale.reactive;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Makes elements of chunks that may be cut anywhere. Each subscriber has its own; it keeps what it needs of the past.
interface Decoder<T> {

    /// The next element, or null if what there is makes none. Takes what it needs of `chunk`, and all of it before it
    /// returns null; it is asked again and again until then. `end` says that nothing comes after `chunk`.
    ///
    /// Throws if there is no next element because the input is not what it should be.
    @Nullable T next(ByteBuffer chunk, boolean end) throws IOException;
}
