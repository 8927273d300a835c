package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct msghdr` of `sendmsg(2)` and `recvmsg(2)` with one address and some buffers.
///
/// All is in one piece of memory: the address, then the header, then the [IoVectors]. The layout is the same on every
/// 64-bit architecture.
public final class MessageHeader {

    /// The offset of the header, in bytes.
    public static final int HEADER = 128;

    /// The offset of the vectors, in bytes.
    public static final int VECTORS = HEADER + 56;

    private static final int NAME = HEADER;
    private static final int NAME_BYTES = HEADER + 8;
    private static final int VECTOR = HEADER + 16;
    private static final int VECTOR_COUNT = HEADER + 24;
    private static final int CONTROL = HEADER + 32;
    private static final int CONTROL_BYTES = HEADER + 40;
    private static final int FLAGS = HEADER + 48;

    private MessageHeader() {}

    /// The size of address, header and `vectorCount` vectors, in bytes.
    public static int bytes(int vectorCount) {
        return VECTORS + vectorCount * IoVectors.BYTES;
    }

    /// Fills in a header with one buffer of `length` bytes at `address`; for `nameBytes` see
    /// [#fill(MemorySegment, int, int)].
    public static void fill(MemorySegment memory, int nameBytes, long address, long length) {
        fill(memory, nameBytes, 1);
        IoVectors.set(memory, VECTORS, 0, address, length);
    }

    /// Fills in a header with `vectorCount` vectors, which the caller writes at [#VECTORS]. `nameBytes` is the size of the
    /// address at the start of `memory`, or of the space for one; 0 for none.
    public static void fill(MemorySegment memory, int nameBytes, int vectorCount) {
        memory.set(JAVA_LONG, NAME, nameBytes == 0 ? 0 : memory.address());
        memory.set(JAVA_LONG, NAME_BYTES, nameBytes); // and the padding behind it
        memory.set(JAVA_LONG, VECTOR, memory.address() + VECTORS);
        memory.set(JAVA_LONG, VECTOR_COUNT, vectorCount);
        memory.set(JAVA_LONG, CONTROL, 0);
        memory.set(JAVA_LONG, CONTROL_BYTES, 0);
        memory.set(JAVA_LONG, FLAGS, 0);
    }

    /// The length of the address that the kernel wrote, in bytes.
    public static int nameBytes(MemorySegment memory) {
        return memory.get(JAVA_INT, NAME_BYTES);
    }
}
