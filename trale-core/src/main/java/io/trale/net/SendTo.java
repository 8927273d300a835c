package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

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

    private final DatagramSocket<?, ?> socket;
    /// Null for the peer that the socket is connected to.
    private SocketAddress peer;
    /// The peer of the last send that named one, and its address as the kernel has it: mostly the next one's as well.
    private SocketAddress namedPeer;
    private byte[] name;

    SendTo(DatagramSocket<?, ?> socket) {
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
        MessageHeader.fill(header, peer == null ? 0 : fillName(header), kernelSlices().vectorCount());
        kernelSlices().writeVectors(header, MessageHeader.VECTORS);
        sqe.prepSendmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, FLAGS);
    }

    private int fillName(MemorySegment header) {
        if (peer == namedPeer) {
            MemorySegment.copy(name, 0, header, JAVA_BYTE, 0, name.length);
        } else {
            int nameBytes = SocketAddresses.encode(peer, header);
            name = header.asSlice(0, nameBytes).toArray(JAVA_BYTE);
            namedPeer = peer;
        }
        return name.length;
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
