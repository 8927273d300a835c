package io.trale.io;

import java.util.Objects;

/// `length` bytes of `buffer` from `offset`: one part of a gathering write.
///
/// A slice does not own the buffer. During a write, the buffers of all its slices belong to the kernel. Two slices of one
/// write may be parts of the same buffer.
public record Slice(Buffer buffer, int offset, int length) {

    public Slice {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
    }
}
