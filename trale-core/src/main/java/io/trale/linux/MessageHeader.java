package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// `struct msghdr` of `recvmsg(2)` with one address and one buffer, all in one piece of memory: the address first, then the
/// header, then the one `struct iovec`. The same on every 64-bit architecture.
public final class MessageHeader {

    /// The size of the whole, in bytes.
    public static final int BYTES = 200;

    /// Where the header stands, in bytes.
    public static final int HEADER = 128;

    private static final int NAME = HEADER;
    private static final int NAME_BYTES = HEADER + 8;
    private static final int VECTORS = HEADER + 16;
    private static final int VECTOR_COUNT = HEADER + 24;
    private static final int CONTROL = HEADER + 32;
    private static final int CONTROL_BYTES = HEADER + 40;
    private static final int FLAGS = HEADER + 48;
    private static final int VECTOR = HEADER + 56;

    private MessageHeader() {}

    /// Fills in a header for `length` bytes at `address`, with room for a name, or the name, of `nameBytes`; 0 for none.
    public static void fill(MemorySegment memory, int nameBytes, long address, long length) {
        memory.set(JAVA_LONG, NAME, nameBytes == 0 ? 0 : memory.address());
        memory.set(JAVA_LONG, NAME_BYTES, nameBytes); // and the padding behind it
        memory.set(JAVA_LONG, VECTORS, memory.address() + VECTOR);
        memory.set(JAVA_LONG, VECTOR_COUNT, 1);
        memory.set(JAVA_LONG, CONTROL, 0);
        memory.set(JAVA_LONG, CONTROL_BYTES, 0);
        memory.set(JAVA_LONG, FLAGS, 0);
        memory.set(JAVA_LONG, VECTOR, address);
        memory.set(JAVA_LONG, VECTOR + 8, length);
    }

    /// The length of the name that the kernel wrote.
    public static int nameBytes(MemorySegment memory) {
        return memory.get(JAVA_INT, NAME_BYTES);
    }
}
