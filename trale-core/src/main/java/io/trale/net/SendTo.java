package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.IoVectors;
import io.trale.linux.MessageHeader;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;

/// The send of a datagram socket; one object for all sends.
final class SendTo extends SendIo {

    private final SocketAddress localAddress;
    /// The destination; null for the connected peer.
    private SocketAddress peer;
    /// A cache of one encoded address: the destination of the last send that had one, and its bytes in `name`.
    private SocketAddress namedPeer;
    private byte[] name;

    SendTo(Descriptor socket, SocketAddress localAddress) {
        super(socket, "a send of this socket is not finished");
        this.localAddress = localAddress;
    }

    IntFuture begin(SocketAddress peer, Buffer buffer, int offset, int length) {
        begin(buffer, offset, length);
        this.peer = peer;
        return this;
    }

    IntFuture begin(SocketAddress peer, Slice... slices) {
        if (slices.length > IoVectors.MAX) {
            throw new IllegalArgumentException("datagram has " + slices.length + " slices, must be at most " + IoVectors.MAX);
        }
        begin(slices);
        this.peer = peer;
        return this;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        return Failure.check("sendmsg", descriptor().fd(), peer == null ? localAddress : peer, count());
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

    /// `EAGAIN` with free space in our own buffer means that the peer's queue is full. Poll reports that only for connected
    /// sockets.
    @Override
    boolean canWait() {
        return peer == null;
    }

    @Override
    public String toString() {
        return "sendmsg(fd=" + descriptor().fd() + ")";
    }
}
