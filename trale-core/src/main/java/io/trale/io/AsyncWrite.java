package io.trale.io;

import io.trale.future.IntFuture;
import java.util.Objects;

/// Something that bytes can be written to.
public interface AsyncWrite {

    /// Writes at least one of the `length` bytes of `buffer` from `offset`; how many is what the future completes with.
    /// It is the stream's own and is used for every write: one at a time, and [IllegalStateException] for a second
    /// while one is not finished.
    IntFuture write(Buffer buffer, int offset, int length);

    /// Writes the `length` bytes of `buffer` from `offset`, all of them; completes with `length`.
    default IntFuture writeAll(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return new WriteAll(this, buffer, offset, length);
    }
}
