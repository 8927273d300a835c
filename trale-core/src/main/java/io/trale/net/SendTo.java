package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.MessageHeader;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Failure;
import io.trale.reactor.LendingIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/// A socket's one send of a datagram, used again and again.
final class SendTo extends LendingIo implements IntFuture {

    private final UdpSocket socket;
    private MemorySegment header;
    private int offset;
    private int length;
    /// Null for the peer that the socket is connected to.
    private InetSocketAddress peer;
    /// The peer of the last send that named one, and its address as the kernel has it: mostly the next one's as well.
    private InetSocketAddress namedPeer;
    private byte[] name;

    SendTo(UdpSocket socket) {
        super(socket.descriptor(), "a send of this socket is not finished");
        this.socket = socket;
    }

    IntFuture begin(Buffer buffer, int offset, int length, InetSocketAddress peer) {
        begin(buffer.memory());
        this.offset = offset;
        this.length = length;
        this.peer = peer;
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        return transfer(waker);
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        if (count() < 0) {
            throw Failure.of("sendmsg", descriptor().fd(), peer == null ? socket.localAddress() : peer, -count());
        }
        return count();
    }

    @Override
    protected void fill(Sqe sqe) {
        header = descriptor().reactor().scratch().take();
        MessageHeader.fill(header, peer == null ? 0 : fillName(), lent().lent().address() + offset, length);
        sqe.prepSendmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, Net.MSG_NOSIGNAL);
    }

    private int fillName() {
        if (peer == namedPeer) {
            MemorySegment.copy(name, 0, header, JAVA_BYTE, 0, name.length);
        } else {
            int nameBytes = SocketAddresses.encode(peer, header);
            name = header.asSlice(0, nameBytes).toArray(JAVA_BYTE);
            namedPeer = peer;
        }
        return name.length;
    }

    @Override
    protected void released(int result) {
        if (header != null) {
            descriptor().reactor().scratch().give(header);
            header = null;
        }
    }

    @Override
    public String toString() {
        return "sendmsg(fd=" + descriptor().fd() + ")";
    }
}
