package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;

/// `IORING_OP_RECV`, into the memory of its entry or a buffer that it selects from a group when data is available.
final class Receive extends SimOperation {

    private final SimTcp socket;
    private int completionFlags;

    Receive(SimRing ring, Entry entry, SimTcp socket) {
        super(ring, entry, socket);
        this.socket = socket;
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        if (!entry.selectsBuffer()) {
            shadow.claim(this, entry.address(), entry.length(), true);
        }
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        if (kernel.dice.fault(Fault.BREAKAGE)) {
            socket.sendReset();
            return -kernel.dice.oneOf(Errno.ECONNRESET, Errno.ETIMEDOUT);
        }
        SimBuffers buffers = entry.selectsBuffer() ? ring.groups.get(entry.group()) : null;
        if (entry.selectsBuffer()
                && (buffers == null || buffers.isEmpty() || kernel.dice.fault(Fault.NO_BUFFERS))) {
            return -Errno.ENOBUFS;
        }
        int available = socket.receivable();
        if (available == -Errno.EAGAIN) {
            return (entry.opFlags() & Net.MSG_DONTWAIT) != 0 ? available : PENDING;
        }
        if (available <= 0) {
            return available;
        }
        int room = buffers == null ? entry.length()
                : entry.length() == 0 ? buffers.nextBytes() : Math.min(entry.length(), buffers.nextBytes());
        int count = kernel.dice.shorten(Math.min(available, room));
        long address = entry.address();
        if (buffers != null) {
            address = buffers.nextAddress();
            completionFlags = Abi.IORING_CQE_F_BUFFER | buffers.take() << Abi.IORING_CQE_BUFFER_SHIFT;
        }
        SimMemory.write(address, socket.pull(count));
        if (count < available) {
            completionFlags |= Abi.IORING_CQE_F_SOCK_NONEMPTY;
        }
        return count;
    }

    @Override
    int interest() {
        return Net.POLLIN;
    }

    @Override
    int completionFlags() {
        return completionFlags;
    }
}
