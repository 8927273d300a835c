package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// How many datagrams a socket has dropped for want of room, which the kernel tells with those that it does deliver:
/// `SO_RXQ_OVFL` of `socket(7)`, in a `struct cmsghdr` behind a [MessageHeader] with one vector.
public final class DropCount {

    /// The size of a header with room for the count, in bytes.
    public static final int BYTES = 232;

    private static final int CONTROL = MessageHeader.HEADER + 32; // of struct msghdr
    private static final int CONTROL_BYTES = MessageHeader.HEADER + 40;

    private static final int MESSAGE = 208; // struct cmsghdr: length, level, type; then the number, and padding
    private static final int MESSAGE_BYTES = 24;
    private static final int LEVEL = MESSAGE + 8;
    private static final int TYPE = MESSAGE + 12;
    private static final int NUMBER = MESSAGE + 16;

    private DropCount() {}

    /// Makes room for the count in a header that is filled in already.
    public static void ask(MemorySegment memory) {
        memory.set(JAVA_LONG, CONTROL, memory.address() + MESSAGE);
        memory.set(JAVA_LONG, CONTROL_BYTES, MESSAGE_BYTES);
    }

    /// The count since the socket was opened, which wraps at 2^32; 0 if the kernel had nothing to tell.
    public static int read(MemorySegment memory) {
        boolean told = memory.get(JAVA_LONG, CONTROL_BYTES) > NUMBER - MESSAGE
                && memory.get(JAVA_INT, LEVEL) == Net.SOL_SOCKET && memory.get(JAVA_INT, TYPE) == Net.SO_RXQ_OVFL;
        return told ? memory.get(JAVA_INT, NUMBER) : 0;
    }
}
