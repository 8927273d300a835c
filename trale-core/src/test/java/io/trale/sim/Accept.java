package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;

/// `IORING_OP_ACCEPT`
final class Accept extends SimOperation {

    private final SimTcp socket;

    Accept(SimRing ring, Entry entry, SimTcp socket) {
        super(ring, entry, socket);
        this.socket = socket;
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        if (entry.address() != 0) {
            shadow.claim(this, entry.address(), SimMemory.getInt(entry.offset()), true);
        }
    }

    @Override
    int attempt() {
        if (!socket.isListening()) {
            return -Errno.EINVAL;
        }
        if (kernel.descriptorsLeft() == 0) {
            return -Errno.EMFILE;
        }
        if (kernel.dice.fault(Fault.EXHAUSTION)) {
            return -kernel.dice.oneOf(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS);
        }
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        SimTcp connection = socket.accept();
        if (connection == null) {
            return PENDING;
        }
        if (kernel.dice.fault(Fault.BREAKAGE)) {
            connection.sendReset();
            return -Errno.ECONNABORTED;
        }
        if (entry.address() != 0) {
            int room = SimMemory.getInt(entry.offset());
            SimMemory.setInt(entry.offset(), SocketAddresses.encode(connection.remote(), SimMemory.at(entry.address(), room)));
            kernel.garble(entry.address());
        }
        return kernel.install(connection);
    }

    @Override
    int interest() {
        return Net.POLLIN;
    }
}
