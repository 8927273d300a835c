package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import java.util.Arrays;

/// `IORING_OP_RECVMSG` of a datagram, into the memory of its entry or a buffer that it selects from a group.
final class ReceiveMessage extends SimOperation {

    private static final int MSG_CTRUNC = 8;
    /// `struct cmsghdr` with its `int`, and the size of both with padding.
    private static final int CONTROL_LENGTH = 20;
    private static final int CONTROL_SPACE = 24;

    private final SimUdp socket;
    private final Message message;
    private int completionFlags;

    ReceiveMessage(SimRing ring, Entry entry, SimUdp socket) {
        super(ring, entry, socket);
        this.socket = socket;
        message = Message.at(entry.address(), kernel.shadow);
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        message.claimToReceive(this, shadow, !entry.selectsBuffer());
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        SimBuffers buffers = entry.selectsBuffer() ? ring.groups.get(entry.group()) : null;
        if (entry.selectsBuffer() && (buffers == null || buffers.isEmpty() || kernel.dice.fault(Fault.NO_BUFFERS))) {
            return -Errno.ENOBUFS;
        }
        int found = socket.receivable();
        if (found == -Errno.EAGAIN) {
            return socket.isReadShutdown() ? 0 : (entry.opFlags() & Net.MSG_DONTWAIT) != 0 ? found : PENDING;
        }
        if (found < 0) {
            return found;
        }
        SimUdp.Datagram datagram = socket.take();
        int room = Vector.length(message.vectors());
        if (buffers == null) {
            Vector.scatter(message.vectors(), datagram.bytes());
        } else {
            room = room == 0 ? buffers.nextBytes() : Math.min(room, buffers.nextBytes());
            SimMemory.write(buffers.nextAddress(), Arrays.copyOf(datagram.bytes(), Math.min(room, datagram.bytes().length)));
            completionFlags = Abi.IORING_CQE_F_BUFFER | buffers.take() << Abi.IORING_CQE_BUFFER_SHIFT;
        }
        boolean truncated = datagram.bytes().length > room;
        message.encodeName(datagram.sender());
        kernel.garble(message.name());
        message.setFlags((truncated ? Net.MSG_TRUNC : 0) | tellDrops(datagram.drops()));
        return truncated && (entry.opFlags() & Net.MSG_TRUNC) == 0 ? room : datagram.bytes().length;
    }

    /// Writes the control message if datagrams were dropped. Returns the flags of the message.
    private int tellDrops(int drops) {
        boolean fits = message.controlBytes() >= CONTROL_LENGTH;
        if (drops > 0 && fits) {
            SimMemory.setLong(message.control(), CONTROL_LENGTH);
            SimMemory.setInt(message.control() + 8, Net.SOL_SOCKET);
            SimMemory.setInt(message.control() + 12, Net.SO_RXQ_OVFL);
            SimMemory.setInt(message.control() + 16, drops);
        }
        message.setControlBytes(drops > 0 && fits ? Math.min(CONTROL_SPACE, message.controlBytes()) : 0);
        return drops > 0 && !fits ? MSG_CTRUNC : 0;
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
