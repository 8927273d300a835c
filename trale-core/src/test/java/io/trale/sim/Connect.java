package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import java.net.InetSocketAddress;

/// `IORING_OP_CONNECT`; the address is read when the entry is submitted.
final class Connect extends SimOperation {

    private final SimSocket socket;
    private final InetSocketAddress address;

    Connect(SimRing ring, Entry entry, SimSocket socket) {
        super(ring, entry, socket);
        this.socket = socket;
        kernel.shadow.checkOwnedByKernel(this, entry.address(), entry.offset());
        address = SocketAddresses.decode(SimMemory.at(entry.address(), entry.offset()));
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.BREAKAGE)) {
            return socket.failToConnect();
        }
        int result = socket.connect(address);
        return result == -Errno.EALREADY ? PENDING : result;
    }

    @Override
    int interest() {
        return Net.POLLOUT;
    }
}
