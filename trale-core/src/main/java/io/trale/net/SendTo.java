package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.IoVectors;
import io.trale.linux.MessageHeader;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;

/// The send of a datagram.
final class SendTo extends SendIo {

    private final DatagramSocket<?> socket;
    /// Null for the peer that the socket is connected to.
    private SocketAddress peer;

    SendTo(DatagramSocket<?> socket) {
        super(socket.descriptor(), "a send of this socket is not finished");
        this.socket = socket;
    }

    IntFuture begin(SocketAddress peer, Buffer buffer, int offset, int length) {
        begin(buffer, offset, length);
        this.peer = peer;
        return this;
    }

    IntFuture begin(SocketAddress peer, Slice... slices) {
        if (slices.length > IoVectors.MAX) {
            throw new IllegalArgumentException(slices.length + " slices, a datagram has at most " + IoVectors.MAX);
        }
        begin(slices);
        this.peer = peer;
        return this;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        if (count() < 0) {
            throw Failure.of("sendmsg", descriptor().fd(), peer == null ? socket.localAddress() : peer, -count());
        }
        return count();
    }

    @Override
    void prepare(Sqe sqe) {
        MemorySegment header = takeArguments();
        int nameBytes = peer == null ? 0 : SocketAddresses.encode(peer, header);
        MessageHeader.fill(header, nameBytes, lent().vectorCount());
        lent().writeVectors(header, MessageHeader.VECTORS);
        sqe.prepSendmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, FLAGS);
    }

    /// If the socket itself has room, it is the receiver that has not, of which a poll knows only when they are connected.
    @Override
    boolean canWait() {
        return peer == null;
    }

    @Override
    public String toString() {
        return "sendmsg(fd=" + descriptor().fd() + ")";
    }
}
