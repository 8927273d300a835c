package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Files;

/// `IORING_OP_STATX` of an open file, for its size, or of a path, for its type; the path is read when the entry is submitted.
final class Statx extends SimOperation {

    private final String path;

    Statx(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
        kernel.shadow.checkOwnedByKernel(this, entry.address(), 1);
        path = SimMemory.getString(entry.address());
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        shadow.claim(this, entry.offset(), Files.STATX_BYTES, true);
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        if (kernel.dice.fault(Fault.DISK_FAILURE)) {
            return -SimErrno.EIO;
        }
        SimMemory.write(entry.offset(), new byte[Files.STATX_BYTES]);
        if ((entry.opFlags() & Files.AT_EMPTY_PATH) == 0) {
            boolean isPipe = kernel.disk.isPipe(entry.fd(), path);
            SimMemory.setInt(entry.offset(), Files.STATX_TYPE);
            SimMemory.setInt(entry.offset() + Files.STATX_MODE_OFFSET, isPipe ? Files.S_IFIFO : 0);
            return 0;
        }
        SimMemory.setInt(entry.offset(), Files.STATX_SIZE);
        SimMemory.setLong(entry.offset() + Files.STATX_SIZE_OFFSET, file.size());
        return 0;
    }

    @Override
    int interest() {
        return 0;
    }
}
