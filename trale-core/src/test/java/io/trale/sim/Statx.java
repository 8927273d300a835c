package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Files;

/// `IORING_OP_STATX` of an open file, for its size.
final class Statx extends SimOperation {

    Statx(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
    }

    @Override
    void claimMemory(Shadow shadow) {
        shadow.claim(this, entry.offset(), Files.STATX_BYTES, true);
    }

    @Override
    int attempt() {
        if ((entry.opFlags() & Files.AT_EMPTY_PATH) == 0 || !Ram.getString(entry.address()).isEmpty()) {
            throw kernel.failed("statx of a path is not simulated");
        }
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        if (kernel.dice.fault(Fault.DISK_FAILURE)) {
            return -SimErrno.EIO;
        }
        Ram.write(entry.offset(), new byte[Files.STATX_BYTES]);
        Ram.setInt(entry.offset(), Files.STATX_SIZE);
        Ram.setLong(entry.offset() + Files.STATX_SIZE_OFFSET, file.size());
        return 0;
    }

    @Override
    int interest() {
        return 0;
    }
}
