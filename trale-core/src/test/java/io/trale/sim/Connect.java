package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import java.net.InetSocketAddress;

/// `IORING_OP_CONNECT`; the address is read when the entry is submitted.
final class Connect extends SimOperation {

    private final SimTcp socket;
    private final InetSocketAddress address;

    Connect(SimRing ring, Entry entry, SimTcp socket) {
        super(ring, entry, socket);
        this.socket = socket;
        address = SocketAddresses.decode(Ram.at(entry.address(), entry.offset()));
    }

    @Override
    int attempt() {
        if (kernel.chance(kernel.faults().breakage())) {
            socket.die(0);
            return -kernel.oneOf(Errno.ENETUNREACH, Errno.ETIMEDOUT, Errno.EADDRINUSE);
        }
        int result = socket.connect(address);
        return result == -Errno.EALREADY ? PENDING : result;
    }

    @Override
    int interest() {
        return Net.POLLOUT;
    }
}
