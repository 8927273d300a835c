package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;

/// `IORING_OP_READ`
final class Read extends SimOperation {

    Read(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        shadow.claim(this, entry.address(), entry.length(), true);
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        int result = file.read(entry.address(), entry.length(), entry.offset());
        return result == -Errno.EAGAIN && file.isPatient() ? PENDING : result;
    }

    @Override
    int interest() {
        return Net.POLLIN;
    }
}
