package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Files;
import io.trale.linux.Net;
import java.util.Arrays;

/// An open file: its position and access mode.
final class SimOpenFile extends SimFile {

    private final SimDisk.Content content;
    private final int flags;
    private long position;

    SimOpenFile(SimKernel kernel, SimDisk.Content content, int flags) {
        super(kernel);
        this.content = content;
        this.flags = flags;
    }

    @Override
    int poll() {
        return Net.POLLIN | Net.POLLOUT;
    }

    @Override
    int read(long address, int length, long offset) {
        if ((flags & Files.O_WRONLY) != 0) {
            return -Errno.EBADF;
        }
        if (kernel.dice.fault(Fault.DISK_FAILURE)) {
            return -SimErrno.EIO;
        }
        long from = offset == -1 ? position : offset;
        int count = kernel.dice.shorten(Math.clamp(content.bytes.length - from, 0, length));
        if (count == 0) {
            return 0;
        }
        SimMemory.write(address, Arrays.copyOfRange(content.bytes, (int) from, (int) from + count));
        if (offset == -1) {
            position += count;
        }
        return count;
    }

    @Override
    int write(long address, int length, long offset) {
        if ((flags & (Files.O_WRONLY | Files.O_RDWR)) == 0) {
            return -Errno.EBADF;
        }
        if (kernel.dice.fault(Fault.DISK_FAILURE)) {
            return -SimErrno.EIO;
        }
        boolean full = kernel.dice.fault(Fault.DISK_FULL);
        int count = full ? kernel.dice.below(length + 1) : kernel.dice.shorten(length);
        if (full && count == 0) {
            return -SimErrno.ENOSPC;
        }
        boolean appends = (flags & Files.O_APPEND) != 0;
        long to = appends ? content.bytes.length : offset == -1 ? position : offset;
        content.write(SimMemory.read(address, count), to);
        if (offset == -1) {
            position = to + count;
        }
        return count;
    }

    @Override
    int sync() {
        return kernel.dice.fault(Fault.DISK_FAILURE) ? -SimErrno.EIO : 0;
    }

    @Override
    long seek(long offset, int whence) {
        long from = switch (whence) {
            case Files.SEEK_SET -> 0;
            case Files.SEEK_CUR -> position;
            case Files.SEEK_END -> content.bytes.length;
            default -> Long.MIN_VALUE;
        };
        if (from + offset < 0) {
            return -Errno.EINVAL;
        }
        position = from + offset;
        return position;
    }

    @Override
    long size() {
        return content.bytes.length;
    }
}
