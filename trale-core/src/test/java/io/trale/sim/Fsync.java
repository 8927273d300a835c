package io.trale.sim;

import io.trale.linux.Errno;

/// `IORING_OP_FSYNC`
final class Fsync extends SimOperation {

    Fsync(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
    }

    @Override
    int attempt() {
        return kernel.dice.fault(Fault.HICCUP) ? -Errno.EINTR : file.sync();
    }

    @Override
    int interest() {
        return 0;
    }
}
