package io.trale.reactive.stream;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Deadline;
import io.trale.reactor.Operation;
import io.trale.reactor.Reactor;
import io.trale.leaf.Sockets;
import io.trale.uring.Abi;
import io.trale.uring.Sqe;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The orderly close of a connection: flush, end our side, drain the input, close.
///
/// The kernel resets a connection that is closed with unread input, or that receives input after its close (RFC 1122,
/// 4.2.2.13). A reset destroys what the peer has not received yet. So after the flush, `shutdown(2)` ends our side, and input
/// is dropped until the peer has ended its side.
///
/// ```
/// OPEN -> FLUSHING -> DRAINING -> closed
/// ```
///
/// FLUSHING without progress for the connection's close timeout ends in an abort. DRAINING ends in an ordinary close: after
/// [#QUIET_NANOS] without progress, after the close timeout in all, or after [#DRAIN_BYTES]. An abort ends each state. The end
/// of the server or of the loop aborts while FLUSHING, and closes while DRAINING. Progress is a byte that the kernel took from
/// us, that the peer acknowledged, or that the peer sent. Loop thread only.
final class OrderlyClose extends Operation {

    /// How long this waits for a peer that makes no progress.
    static final long QUIET_NANOS = 2_000_000_000;

    /// How much input is dropped. More than a receive buffer of the kernel holds by default: a peer that has stopped sending is
    /// never reset.
    static final long DRAIN_BYTES = 16 << 20;

    /// How often in a timeout progress is checked; its end is noticed so much later.
    private static final int LOOKS = 4;

    private enum State { OPEN, FLUSHING, DRAINING }

    private final SocketConnection connection;
    private final Reactor reactor;
    private final Deadline deadline = new Deadline() {
        @Override
        protected void reached() {
            looked();
        }
    };

    private State state = State.OPEN;
    /// The last progress seen, its time, and how long the next may take, in nanoseconds.
    private long progress;
    private long progressAt;
    private long timeoutNanos;
    private long drainedBytes;
    /// When DRAINING ends in any case, in nanoseconds of the kernel's clock.
    private long drainUntil;
    /// The buffers that the receive in flight takes one of.
    private @Nullable BufferGroup group;

    OrderlyClose(SocketConnection connection) {
        super(connection.descriptor);
        this.connection = connection;
        reactor = connection.loop.reactor;
    }

    boolean hasBegun() {
        return state != State.OPEN;
    }

    /// True once our side has ended, and input is dropped.
    boolean isDraining() {
        return state == State.DRAINING;
    }

    /// Begins, unless it has begun.
    void begin() {
        if (state == State.OPEN && descriptor().isOpen()) {
            state = State.FLUSHING;
            connection.sender.close();
            if (state == State.FLUSHING && descriptor().isOpen()) {
                watch(connection.closeTimeoutNanos());
            }
        }
    }

    /// The kernel has taken everything. May be called again.
    void flushed() {
        if (state != State.FLUSHING) {
            return;
        }
        if (connection.receiver.hasEnded() || reactor.kernel().shutdown(descriptor().fd(), Net.SHUT_WR) < 0) {
            descriptor().close(); // no input is left, or no connection
            return;
        }
        state = State.DRAINING;
        long drainNanos = connection.closeTimeoutNanos();
        drainUntil = reactor.kernel().nanoTime() + drainNanos;
        connection.receiver.place.wake(); // its subscription ends
        if (descriptor().isOpen()) { // the subscriber may have aborted
            watch(Math.min(QUIET_NANOS, drainNanos));
            receive();
        }
    }

    /// The socket is closed.
    void ended() {
        reactor.deadlines().callOff(deadline);
    }

    // ---- time

    private void watch(long nanos) {
        timeoutNanos = nanos;
        progress = currentProgress();
        progressAt = reactor.kernel().nanoTime();
        reactor.deadlines().callOff(deadline);
        look(progressAt);
    }

    /// Checks again later: the kernel makes the progress, and does not report it.
    private void look(long now) {
        long next = Math.min(now + timeoutNanos / LOOKS, progressAt + timeoutNanos);
        reactor.deadlines().set(deadline, isDraining() ? Math.min(next, drainUntil) : next);
    }

    private long currentProgress() {
        return connection.sender.sentBytes() + Sockets.acknowledgedBytes(descriptor()) + drainedBytes;
    }

    private void looked() {
        if (!descriptor().isOpen()) {
            return;
        }
        long now = reactor.kernel().nanoTime();
        long current = currentProgress();
        if (current != progress) {
            progress = current;
            progressAt = now;
        }
        if (isDraining() && (now - drainUntil >= 0 || now - progressAt >= timeoutNanos)) {
            descriptor().close();
        } else if (now - progressAt >= timeoutNanos) {
            connection.abort();
        } else {
            look(now);
        }
    }

    // ---- the input that is dropped

    private void receive() {
        try {
            group = reactor.pools().receiveGroup();
            group.stage(this);
        } catch (IllegalStateException | OutOfMemoryError noBuffers) {
            descriptor().close();
        }
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepRecvSelect(descriptor().fd(), Objects.requireNonNull(group, "not staged").id(), 0);
    }

    @Override
    protected void complete(int result, int flags) {
        BufferGroup group = this.group;
        if (group != null && (flags & Abi.IORING_CQE_F_BUFFER) != 0) {
            group.take(flags);
            group.give(flags);
        }
        drainedBytes += Math.max(0, result);
        if (descriptor().isOpen()) {
            if (goesOn(result)) {
                receive();
            } else {
                descriptor().close();
            }
        }
    }

    private boolean goesOn(int result) {
        return reactor.isAccepting() && switch (result) {
            case -Errno.EINTR, -Errno.EAGAIN, -Errno.ENOBUFS -> true;
            default -> result > 0 && drainedBytes <= DRAIN_BYTES;
        };
    }
}
