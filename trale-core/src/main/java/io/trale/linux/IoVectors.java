package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// An array of `struct iovec` for `writev(2)` and `sendmsg(2)`. The layout is the same on every 64-bit architecture.
public final class IoVectors {

    /// The maximum number of vectors in one call: `UIO_MAXIOV` of include/uapi/linux/uio.h.
    public static final int MAX = 1024;

    /// The size of one vector, in bytes.
    public static final int BYTES = 16;

    private IoVectors() {}

    /// Writes element `index` of the array at `offset` of `memory`: `length` bytes at `address`.
    public static void set(MemorySegment memory, long offset, int index, long address, long length) {
        memory.set(JAVA_LONG, offset + (long) index * BYTES, address);
        memory.set(JAVA_LONG, offset + (long) index * BYTES + 8, length);
    }
}
