package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.net.InetSocketAddress;

/// `IORING_OP_SENDMSG` of a datagram; the header and the name are read when the entry is submitted.
final class SendMessage extends SimOperation {

    private final SimUdp socket;
    private final Message message;
    private final InetSocketAddress name;

    SendMessage(SimRing ring, Entry entry, SimUdp socket) {
        super(ring, entry, socket);
        this.socket = socket;
        message = Message.at(entry.address(), kernel.shadow);
        name = message.decodeName();
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        message.claimToSend(this, shadow);
    }

    @Override
    int attempt() {
        if (kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        if (kernel.dice.fault(Fault.EXHAUSTION)) {
            return -kernel.dice.oneOf(Errno.ENOBUFS, Errno.ENOMEM);
        }
        if (kernel.dice.fault(Fault.BREAKAGE)) {
            return -kernel.dice.oneOf(Errno.ENETUNREACH, Errno.EPERM);
        }
        int result = socket.send(Vector.gather(message.vectors()), name);
        return result == -Errno.EAGAIN && (entry.opFlags() & Net.MSG_DONTWAIT) == 0 ? PENDING : result;
    }

    @Override
    int interest() {
        return Net.POLLOUT;
    }
}
