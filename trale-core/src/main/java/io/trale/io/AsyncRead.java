package io.trale.io;

import io.trale.future.IntFuture;

/// Something that bytes can be read from.
public interface AsyncRead {

    /// Reads at least one byte and at most `buffer.capacity()`, into the start of `buffer`. The future completes with
    /// the count; 0 means the end of the stream. It is the stream's own and is used for every read: one at a time,
    /// and [IllegalStateException] for a second while one is not finished.
    IntFuture read(Buffer buffer);
}
