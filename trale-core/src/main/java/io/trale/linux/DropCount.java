package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// The number of datagrams that a socket has dropped because its receive buffer was full.
///
/// The kernel reports it with each datagram that it delivers: `SO_RXQ_OVFL` of `socket(7)`, in a `struct cmsghdr` after a
/// [MessageHeader] with one vector.
public final class DropCount {

    /// The size of a message header plus the control message with the count, in bytes.
    public static final int BYTES = 232;

    private static final int CONTROL = MessageHeader.HEADER + 32; // of struct msghdr
    private static final int CONTROL_BYTES = MessageHeader.HEADER + 40;

    private static final int MESSAGE = 208; // struct cmsghdr: length, level, type; then the number, and padding
    private static final int MESSAGE_BYTES = 24;
    private static final int LEVEL = MESSAGE + 8;
    private static final int TYPE = MESSAGE + 12;
    private static final int NUMBER = MESSAGE + 16;

    private DropCount() {}

    /// Adds a control buffer for the count to a message header that is already filled in.
    public static void ask(MemorySegment memory) {
        memory.set(JAVA_LONG, CONTROL, memory.address() + MESSAGE);
        memory.set(JAVA_LONG, CONTROL_BYTES, MESSAGE_BYTES);
    }

    /// The number of datagrams dropped since the socket was opened, modulo 2^32; 0 if the kernel reported none.
    public static int read(MemorySegment memory) {
        boolean reported = memory.get(JAVA_LONG, CONTROL_BYTES) > NUMBER - MESSAGE
                && memory.get(JAVA_INT, LEVEL) == Net.SOL_SOCKET && memory.get(JAVA_INT, TYPE) == Net.SO_RXQ_OVFL;
        return reported ? memory.get(JAVA_INT, NUMBER) : 0;
    }
}
