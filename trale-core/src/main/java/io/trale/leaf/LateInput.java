package io.trale.leaf;

import io.trale.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What came for an abandoned receive: bytes, then an error, which the kernel reports only once. The next receives get it.
///
/// If there is no memory for the bytes, the stream has a gap. Every later receive then fails with `ENOMEM`, so no reader takes
/// the stream for complete. The bytes are in heap memory, so they outlive the ring. Loop thread only.
final class LateInput {

    private static final byte[] NONE = {};

    private byte[] bytes = NONE;
    private int position;
    /// `-errno`, or 0.
    private int error;
    private boolean gap;

    /// True if the next receive must go to the kernel.
    boolean isEmpty() {
        return bytes == NONE && error == 0 && !gap;
    }

    /// Adds a copy of the first `count` bytes of `input`, at least 1. No bytes must be left. Adds nothing if there is no memory.
    void add(MemorySegment input, int count) {
        byte[] copy = new byte[count];
        MemorySegment.copy(input, ValueLayout.JAVA_BYTE, 0, copy, 0, count);
        bytes = copy;
    }

    /// Adds an error, `-errno`.
    void addError(int error) {
        this.error = error;
    }

    /// Adds a gap, which stays.
    void addGap() {
        gap = true;
    }

    /// Moves bytes to the first part of `target`. Returns how many; if there are none, returns the error.
    int moveTo(BufferSlices target) {
        if (bytes == NONE) {
            int result = gap ? -Errno.ENOMEM : error;
            error = 0;
            return result;
        }
        MemorySegment memory = target.segment();
        int count = (int) Math.min(bytes.length - position, memory.byteSize());
        MemorySegment.copy(bytes, position, memory, ValueLayout.JAVA_BYTE, 0, count);
        position += count;
        if (position == bytes.length) {
            bytes = NONE;
            position = 0;
        }
        return count;
    }
}
