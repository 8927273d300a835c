package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.linux.MessageHeader;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Failure;
import io.trale.leaf.BufferIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;

/// The receive of a datagram socket; one object for all receives.
final class ReceiveFrom<A extends SocketAddress, D> extends BufferIo implements Future<D> {

    private record Kept<A>(byte[] bytes, int size, A sender) {}

    private final DatagramSocket<A, D> socket;
    /// A cache of one decoded address: the sender of the last datagram, and the bytes of its address.
    private A sender;
    private MemorySegment name = MemorySegment.NULL;
    private D datagram;
    /// A datagram that arrived for a cancelled receive; the next receive gets it.
    private Kept<A> kept;

    ReceiveFrom(DatagramSocket<A, D> socket) {
        super(socket.descriptor(), "a receive of this socket is not finished");
        this.socket = socket;
    }

    Future<D> begin(Buffer buffer) {
        begin(buffer.memory());
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        descriptor().checkThread();
        if (kept != null && !inFlight()) {
            MemorySegment target = slices().segment();
            int length = (int) Math.min(kept.bytes.length, target.byteSize());
            MemorySegment.copy(kept.bytes, 0, target, ValueLayout.JAVA_BYTE, 0, length);
            datagram = socket.datagram(length, kept.size, kept.sender);
            kept = null;
            end(length);
            return true;
        }
        int capacity = slices().length();
        if (super.poll(waker)) {
            datagram = count() < 0 ? null : socket.datagram(Math.min(count(), capacity), count(), sender);
            return true;
        }
        return false;
    }

    @Override
    public D result() throws ErrnoException {
        descriptor().checkThread();
        if (datagram == null) {
            throw Failure.of("recvmsg", descriptor().fd(), socket.localAddress(), -count());
        }
        return datagram;
    }

    @Override
    protected void fill(Sqe sqe) {
        MemorySegment header = takeArguments();
        MessageHeader.fill(header, SocketAddresses.MAX_BYTES, kernelSlices().vectorCount());
        kernelSlices().writeVectors(header, MessageHeader.VECTORS);
        sqe.prepRecvmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, Net.MSG_TRUNC); // the result is the full size
    }

    @Override
    protected void released(int result) {
        if (result >= 0) {
            decodeSender(memory());
        }
    }

    private void decodeSender(MemorySegment header) {
        int nameBytes = MessageHeader.nameBytes(header);
        if (sender == null || MemorySegment.mismatch(header, 0, nameBytes, name, 0, name.byteSize()) >= 0) {
            A decoded = socket.cast(SocketAddresses.decode(header, nameBytes));
            name = MemorySegment.ofArray(header.asSlice(0, nameBytes).toArray(ValueLayout.JAVA_BYTE));
            sender = decoded;
        }
    }

    @Override
    protected void keep(int result) {
        if (result >= 0) {
            MemorySegment bytes = kernelSlices().kernelSegment();
            byte[] copy = bytes.asSlice(0, Math.min(result, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE);
            kept = new Kept<>(copy, result, sender);
        } else {
            keepError(result);
        }
    }

    /// A missing datagram leaves no gap in others: the next receive reports it, and the receives after that continue.
    @Override
    protected void lost() {
        keepError(-Errno.ENOMEM);
    }

    @Override
    public String toString() {
        return "recvmsg(fd=" + descriptor().fd() + ")";
    }
}
