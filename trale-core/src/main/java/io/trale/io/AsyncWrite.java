package io.trale.io;

import io.trale.future.IntFuture;

/// A destination of bytes.
public interface AsyncWrite {

    /// Writes at least one of the `length` bytes of `buffer` from `offset`. The future completes with the number of bytes
    /// written, which may be less than `length`.
    ///
    /// Every call returns the same future. Only one write may be in progress: a second one throws [IllegalStateException].
    IntFuture write(Buffer buffer, int offset, int length);

    /// Writes the bytes of all `slices` in order with one system call, so that a header and a body need no copy. The future
    /// completes with the number of bytes written, which may be less than all. One call writes at most 1024 slices.
    ///
    /// The buffers of all slices belong to the kernel until the write completes. The array is copied: the caller may reuse
    /// it at once. Otherwise as [#write(Buffer, int, int)].
    ///
    /// The default implementation writes only the first slice that is not empty.
    default IntFuture write(Slice... slices) {
        for (Slice slice : slices) {
            if (slice.length() > 0) {
                return write(slice.buffer(), slice.offset(), slice.length());
            }
        }
        return new WriteAll(this); // no bytes: complete
    }

    /// Writes all `length` bytes of `buffer` from `offset`, with as many writes as needed. Completes with `length`.
    default IntFuture writeAll(Buffer buffer, int offset, int length) {
        return new WriteAll(this, buffer.slice(offset, length));
    }

    /// Writes all bytes of `slices` in order, with as many writes as needed. Completes with the number of bytes. The array
    /// is copied: the caller may reuse it at once.
    default IntFuture writeAll(Slice... slices) {
        return new WriteAll(this, slices.clone());
    }
}
