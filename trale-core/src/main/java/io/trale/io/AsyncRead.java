package io.trale.io;

import io.trale.future.IntFuture;

/// A source of bytes.
public interface AsyncRead {

    /// Reads at least one byte and at most `buffer.capacity()` bytes to the start of `buffer`. The future completes with the
    /// number of bytes; 0 means end of stream.
    ///
    /// Every call returns the same future. Only one read may be in progress: a second one throws [IllegalStateException].
    IntFuture read(Buffer buffer);
}
