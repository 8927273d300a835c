package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;

/// `IORING_OP_WRITE`
final class Write extends SimOperation {

    Write(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        shadow.claim(this, entry.address(), entry.length(), false);
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        int result = file.write(entry.address(), entry.length(), entry.offset());
        return result == -Errno.EAGAIN ? PENDING : result;
    }

    @Override
    int interest() {
        return Net.POLLOUT;
    }
}
