package io.trale.sim;

import io.trale.linux.Errno;

/// `IORING_OP_MKDIRAT`; the path is read when the entry is submitted.
final class Mkdir extends SimOperation {

    private final String path;

    Mkdir(SimRing ring, Entry entry, SimFile directory) {
        super(ring, entry, directory);
        kernel.shadow.checkOwnedByKernel(this, entry.address(), 1);
        path = SimMemory.getString(entry.address());
    }

    @Override
    int attempt() {
        return kernel.dice.fault(Fault.HICCUP) ? -Errno.EINTR : kernel.disk.mkdir(entry.fd(), path);
    }

    @Override
    int interest() {
        return 0;
    }
}
