package io.trale.io;

import java.util.Objects;

/// `length` bytes of `buffer` from `offset`: one part of a write that gathers several.
///
/// It owns nothing. A write lends the buffers of all its slices to the kernel, and gives them back together; two slices of
/// one write may be of the same buffer.
public record Slice(Buffer buffer, int offset, int length) {

    public Slice {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
    }
}
