package io.trale.reactive.datagram;

import io.trale.linux.DropCount;
import io.trale.linux.Errno;
import io.trale.linux.MessageHeader;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Datagram;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactive.loop.UnicastSubscription;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Abi;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/// The receiving side of an endpoint: one `recvmsg(2)` in flight while its subscriber has demand, none otherwise.
///
/// The operation belongs to the endpoint, not to the subscriber. A datagram that arrives after a cancel is kept for the next
/// subscriber. An error is signalled once; it ends the subscription, not the endpoint.
final class DatagramReceiver extends Operation {

    private final UdpSocketEndpoint endpoint;
    final UnicastSubscription.Place place = new UnicastSubscription.Place();

    // For the loop alone.
    private @Nullable MemorySegment header;
    private @Nullable Datagram head;
    /// Signalled to one subscriber: an error of the kernel, or why a datagram was lost.
    private @Nullable Throwable failure;
    private long dropped;

    DatagramReceiver(UdpSocketEndpoint endpoint) {
        super(endpoint.descriptor);
        this.endpoint = endpoint;
    }

    Flux<Datagram> flux() {
        return new SourceFlux<Datagram>("traleReceiveDatagrams", DatagramSubscription::new).assembled();
    }

    /// The number of datagrams that the kernel has reported as dropped. Loop thread.
    long dropped() {
        return dropped;
    }

    private BufferGroup group() {
        return endpoint.loop.reactor.pools().receiveGroup();
    }

    @Override
    protected void fill(Sqe sqe) {
        MemorySegment header = endpoint.loop.reactor.pools().scratch().take();
        this.header = header;
        MessageHeader.fill(header, SocketAddresses.MAX_BYTES, 0, group().bufferBytes());
        DropCount.ask(header);
        sqe.prepRecvmsgSelect(endpoint.descriptor.fd(), header.address() + MessageHeader.HEADER, Net.MSG_TRUNC,
                group().id()); // MSG_TRUNC: return the full length of a truncated datagram
    }

    @Override
    protected void complete(int result, int flags) {
        boolean inBuffer = (flags & Abi.IORING_CQE_F_BUFFER) != 0; // false for an empty datagram
        MemorySegment buffer = inBuffer ? group().take(flags) : MemorySegment.NULL;
        try {
            received(result, buffer);
        } catch (Throwable t) { // most likely an OutOfMemoryError
            failure = t;
        }
        if (header != null) { // null if it was cancelled before it was submitted
            endpoint.loop.reactor.pools().scratch().give(header);
            header = null;
        }
        if (inBuffer) {
            group().give(flags);
        }
        place.wake();
    }

    private void received(int result, MemorySegment buffer) {
        if (result >= 0) {
            head = datagram(buffer, result);
            return;
        }
        switch (-result) {
            case Errno.ECANCELED, Errno.EINTR, Errno.EAGAIN -> { } // staged again if there is demand
            case Errno.ENOBUFS -> endpoint.loop.reactor.counters().add(Count.NO_BUFFER, 1); // likewise, when a buffer is free
            default -> failure = Failure.of("recvmsg", endpoint.descriptor.fd(), endpoint.localAddress(), -result);
        }
    }

    private Datagram datagram(MemorySegment buffer, int size) {
        MemorySegment header = Objects.requireNonNull(this.header, "not filled in");
        dropped += DropCount.read(header) - (int) dropped & 0xffff_ffffL; // the kernel's count wraps, ours does not
        int length = (int) Math.min(size, buffer.byteSize());
        return new Datagram(ByteBuffer.wrap(Unread.copyOf(buffer, length)), SocketAddresses.decode(header), size > length,
                dropped);
    }

    /// One subscription.
    private final class DatagramSubscription extends UnicastSubscription<Datagram> {

        DatagramSubscription(CoreSubscriber<? super Datagram> actual) {
            super(endpoint.loop, place, actual);
        }

        @Override
        protected void progress() {
            Datagram datagram = head;
            if (datagram != null && wanted()) {
                head = null;
                next(datagram);
            }
            Throwable failed = failure;
            if (isOver()) {
                return;
            }
            if (failed != null && head == null) {
                failure = null;
                fail(failed);
            } else if (!loop.isOpen(endpoint.descriptor)) {
                closed();
            } else if (head == null && wanted() && !inFlight()) {
                group().stage(DatagramReceiver.this);
            }
        }

        @Override
        protected void release() {
            endpoint.loop.reactor.cancel(DatagramReceiver.this);
        }

        @Override
        protected String describe() {
            return "receive() of " + endpoint;
        }
    }
}
