package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.MessageHeader;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Failure;
import io.trale.reactor.LendingIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;

/// A socket's one receive of a datagram, used again and again.
final class ReceiveFrom extends LendingIo implements Future<Datagram> {

    private record Kept(byte[] bytes, int size, InetSocketAddress sender) {}

    private final UdpSocket socket;
    private MemorySegment header;
    /// Who sent the last datagram, and that address as the kernel wrote it: mostly the next one's as well.
    private InetSocketAddress sender;
    private MemorySegment name = MemorySegment.NULL;
    private Datagram datagram;
    /// A datagram that came for a use that was given up.
    private Kept kept;

    ReceiveFrom(UdpSocket socket) {
        super(socket.descriptor(), "a receive of this socket is not finished");
        this.socket = socket;
    }

    Future<Datagram> begin(Buffer buffer) {
        begin(buffer.memory());
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        if (kept != null && !inFlight()) {
            MemorySegment target = wanted().segment();
            int length = (int) Math.min(kept.bytes.length, target.byteSize());
            MemorySegment.copy(kept.bytes, 0, target, ValueLayout.JAVA_BYTE, 0, length);
            datagram = new Datagram(length, kept.size, kept.sender);
            kept = null;
            end(length);
            return true;
        }
        int capacity = (int) wanted().capacity();
        if (transfer(waker)) {
            datagram = count() < 0 ? null : new Datagram(Math.min(count(), capacity), count(), sender);
            return true;
        }
        return false;
    }

    @Override
    public Datagram result() throws ErrnoException {
        if (datagram == null) {
            throw Failure.of("recvmsg", descriptor().fd(), socket.localAddress(), -count());
        }
        return datagram;
    }

    @Override
    protected void fill(Sqe sqe) {
        MemorySegment target = lent().lent();
        header = descriptor().reactor().scratch().take();
        MessageHeader.fill(header, SocketAddresses.MAX_BYTES, target.address(), target.byteSize());
        sqe.prepRecvmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, Net.MSG_TRUNC); // the real size, please
    }

    @Override
    protected void released(int result) {
        if (header != null) {
            if (result >= 0) {
                decodeSender();
            }
            descriptor().reactor().scratch().give(header);
            header = null;
        }
    }

    private void decodeSender() {
        int nameBytes = MessageHeader.nameBytes(header);
        if (MemorySegment.mismatch(header, 0, nameBytes, name, 0, name.byteSize()) >= 0) {
            sender = SocketAddresses.decode(header);
            name = MemorySegment.ofArray(header.asSlice(0, nameBytes).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Override
    protected void keep(int result) {
        if (result >= 0) {
            MemorySegment bytes = lent().lent();
            kept = new Kept(bytes.asSlice(0, Math.min(result, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE), result, sender);
        }
    }

    @Override
    public String toString() {
        return "recvmsg(fd=" + descriptor().fd() + ")";
    }
}
