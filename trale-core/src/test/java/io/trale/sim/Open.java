package io.trale.sim;

import io.trale.linux.Errno;

/// `IORING_OP_OPENAT`; the path is read when the entry is submitted.
final class Open extends SimOperation {

    private final String path;

    Open(SimRing ring, Entry entry, SimFile directory) {
        super(ring, entry, directory);
        kernel.shadow.checkOwnedByKernel(this, entry.address(), 1);
        path = SimMemory.getString(entry.address());
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        if (kernel.dice.fault(Fault.EXHAUSTION)) {
            return -kernel.dice.oneOf(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM);
        }
        if (kernel.dice.fault(Fault.DISK_FAILURE)) {
            return -SimErrno.EIO;
        }
        return kernel.disk.open(entry.fd(), path, entry.opFlags());
    }

    @Override
    int interest() {
        return 0;
    }
}
