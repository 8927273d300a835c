package io.trale.sim;

import io.trale.linux.Files;
import io.trale.uring.Abi;

/// A submission queue entry, read out of its 64 bytes.
record Entry(int opcode, int flags, int ioPriority, int fd, long offset, long address, int length, int opFlags,
        long userData, int group) {

    static Entry read(long at) {
        long first = SimMemory.getLong(at);
        return new Entry((int) first & 0xff, (int) (first >>> 8) & 0xff, (int) (first >>> 16) & 0xffff, (int) (first >>> 32),
                SimMemory.getLong(at + 8), SimMemory.getLong(at + 16), SimMemory.getInt(at + 24), SimMemory.getInt(at + 28),
                SimMemory.getLong(at + 32), (int) SimMemory.getLong(at + 40) & 0xffff);
    }

    /// True if it operates on a file by its descriptor: not on a directory that means none, nor on the number itself.
    boolean namesFile() {
        return opcode != Abi.IORING_OP_NOP && opcode != Abi.IORING_OP_CLOSE && (fd != Files.AT_FDCWD
                || opcode != Abi.IORING_OP_OPENAT && opcode != Abi.IORING_OP_STATX && opcode != Abi.IORING_OP_MKDIRAT);
    }

    boolean selectsBuffer() {
        return (flags & Abi.IOSQE_BUFFER_SELECT) != 0;
    }
}
