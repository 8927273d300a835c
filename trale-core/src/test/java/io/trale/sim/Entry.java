package io.trale.sim;

import io.trale.linux.Files;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.util.Arrays;

/// A submission queue entry, read from its 64 bytes. `opcode` is null for an operation that trale does not use.
record Entry(Opcode opcode, int flags, int ioPriority, int fd, long offset, long address, int length, int opFlags,
        long userData, int group) {

    static Entry read(long at) {
        long first = SimMemory.getLong(at);
        return new Entry(opcode((int) first & 0xff), (int) (first >>> 8) & 0xff, (int) (first >>> 16) & 0xffff, (int) (first >>> 32),
                SimMemory.getLong(at + 8), SimMemory.getLong(at + 16), SimMemory.getInt(at + 24), SimMemory.getInt(at + 28),
                SimMemory.getLong(at + 32), (int) SimMemory.getLong(at + 40) & 0xffff);
    }

    private static Opcode opcode(int number) {
        return Arrays.stream(Opcode.values()).filter(opcode -> opcode.number() == number).findAny().orElse(null);
    }

    /// True if the operation needs an open file behind `fd`. A close and `AT_FDCWD` do not.
    boolean namesFile() {
        return opcode != Opcode.NOP && opcode != Opcode.CLOSE && (fd != Files.AT_FDCWD
                || opcode != Opcode.OPENAT && opcode != Opcode.STATX && opcode != Opcode.MKDIRAT);
    }

    boolean selectsBuffer() {
        return (flags & Abi.IOSQE_BUFFER_SELECT) != 0;
    }
}
