package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;

/// `IORING_OP_READ` of something that can be polled.
final class Read extends SimOperation {

    Read(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
    }

    @Override
    void claimMemory(Shadow shadow) {
        shadow.claim(this, entry.address(), entry.length(), true);
    }

    @Override
    int attempt() {
        if (kernel.chance(kernel.faults().hiccup())) {
            return -Errno.EINTR;
        }
        byte[] bytes = file.read(entry.length());
        if (bytes == null) {
            return file.errno() == Errno.EAGAIN && entry.length() >= Long.BYTES ? PENDING : -Errno.EINVAL;
        }
        Ram.write(entry.address(), bytes);
        return bytes.length;
    }

    @Override
    int interest() {
        return Net.POLLIN;
    }
}
