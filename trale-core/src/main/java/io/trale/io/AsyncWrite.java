package io.trale.io;

import io.trale.future.IntFuture;

/// Something that bytes can be written to.
public interface AsyncWrite {

    /// Writes at least one of the `length` bytes of `buffer` from `offset`; how many is what the future completes with.
    /// It is the stream's own and is used for every write: one at a time, and [IllegalStateException] for a second
    /// while one is not finished.
    IntFuture write(Buffer buffer, int offset, int length);

    /// As [#write(Buffer, int, int)], of the bytes of all `slices`, one behind the other, in one system call: a header and
    /// a body need not be copied together. All their buffers are lent until it is done, and the array is the caller's again
    /// when this returns. The count says how many bytes were written from the first on; the kernel looks at no more than
    /// 1024 slices at a time.
    ///
    /// What cannot gather writes from the first slice that is not empty.
    default IntFuture write(Slice... slices) {
        for (Slice slice : slices) {
            if (slice.length() > 0) {
                return write(slice.buffer(), slice.offset(), slice.length());
            }
        }
        return new WriteAll(this); // of nothing: complete
    }

    /// Writes the `length` bytes of `buffer` from `offset`, all of them; completes with `length`.
    default IntFuture writeAll(Buffer buffer, int offset, int length) {
        return new WriteAll(this, buffer.slice(offset, length));
    }

    /// Writes all bytes of `slices`, one behind the other; completes with how many that are. The array is the caller's
    /// again when this returns.
    default IntFuture writeAll(Slice... slices) {
        return new WriteAll(this, slices.clone());
    }
}
