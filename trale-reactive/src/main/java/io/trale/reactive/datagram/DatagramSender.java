package io.trale.reactive.datagram;

import io.trale.linux.Errno;
import io.trale.linux.MessageHeader;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Datagram;
import io.trale.reactive.send.Payload;
import io.trale.reactive.send.SendSubscriber;
import io.trale.reactive.send.Sender;
import io.trale.reactor.BlockPool;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;

/// The sending side of an endpoint: one `sendmsg(2)` with `MSG_DONTWAIT` for each datagram.
final class DatagramSender extends Sender {

    private final UdpSocketEndpoint endpoint;

    private int block = -1;
    private @Nullable MemorySegment header;
    /// Why the first datagram cannot be sent: it is too long for a block, its host is unresolved, or its memory is
    /// inaccessible.
    private @Nullable IOException unsendable;

    DatagramSender(UdpSocketEndpoint endpoint) {
        super(endpoint.loop, endpoint.descriptor);
        this.endpoint = endpoint;
    }

    private BlockPool blocks() {
        return loop.reactor.pools().sendBlocks();
    }

    @Override
    protected void stage() {
        blocks().stage(this);
    }

    @Override
    protected void prepare(Sqe sqe) {
        Datagram datagram = (Datagram) elements.element();
        InetSocketAddress peer = datagram.peer();
        int size = datagram.data().remaining();
        try {
            if (peer != null && peer.isUnresolved()) {
                unsendable = new UnknownHostException(describe() + ": unknown host " + peer.getHostString());
                sqe.prepNop();
                return;
            }
            if (size > blocks().blockBytes()) {
                unsendable = failure(datagram, Errno.EMSGSIZE);
                sqe.prepNop();
                return;
            }
            block = blocks().take();
            Payload.copy(datagram.data(), 0, blocks().segment(block), 0, size);
        } catch (RuntimeException e) {
            unsendable = new IOException(describe() + ": the buffer of a datagram was freed or modified before it was sent", e);
            sqe.prepNop();
            return;
        }
        MemorySegment header = loop.reactor.pools().scratch().take();
        this.header = header;
        int nameBytes = peer == null ? 0 : SocketAddresses.encode(peer, header);
        MessageHeader.fill(header, nameBytes, blocks().segment(block).address(), size);
        sqe.prepSendmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, Net.MSG_NOSIGNAL | Net.MSG_DONTWAIT);
    }

    @Override
    protected void release() {
        if (block >= 0) {
            blocks().give(block);
            block = -1;
        }
        if (header != null) {
            loop.reactor.pools().scratch().give(header);
            header = null;
        }
    }

    @Override
    protected void sent(int result) {
        IOException refusal = unsendable;
        unsendable = null;
        if (refusal != null || result >= 0) {
            done(refusal);
        } else if (!isRepeated(-result)) {
            done(failure((Datagram) elements.element(), -result));
        }
    }

    /// The first datagram was sent, or refused.
    private void done(@Nullable IOException refusal) {
        Datagram datagram = (Datagram) elements.remove();
        queuedBytes = elements.isEmpty() ? 0 : queuedBytes - Payload.size(datagram); // 0 even if the user has modified a buffer
        SendSubscriber<?> send = Objects.requireNonNull(current());
        if (refusal == null) {
            send.taken(datagram);
        } else if (!send.refused(datagram, refusal)) {
            if (current() == send) {
                endCurrent(refusal);
            } else { // the callback has cancelled or closed
                Operators.onErrorDropped(refusal, send.currentContext());
            }
        }
    }

    private IOException failure(Datagram datagram, int errno) {
        InetSocketAddress peer = datagram.peer();
        return Failure.of("sendmsg", descriptor().fd(), peer == null ? endpoint.localAddress() : peer, errno);
    }

    @Override
    protected String describe() {
        return "sendmsg(fd=" + descriptor().fd() + ")";
    }
}
