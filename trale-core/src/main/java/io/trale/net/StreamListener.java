package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.leaf.AcceptBackoff;
import io.trale.leaf.AcceptBackoff.Verdict;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.leaf.ReactorIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;

/// A socket that accepts connections.
public abstract sealed class StreamListener<A extends SocketAddress, S extends StreamSocket<A>> extends NetworkSocket<A>
        permits TcpListener, UnixListener {

    private final A localAddress;
    /// Accepted for an `accept` that was cancelled in the meantime: for the next one.
    private final ArrayDeque<S> accepted = new ArrayDeque<>();
    /// Those that wait, to whom the connection of one that was cancelled is as good as their own.
    private final LinkedHashSet<Accept> waiting = new LinkedHashSet<>();
    private final AcceptBackoff backoff;

    StreamListener(Class<A> addressType, Descriptor descriptor, A localAddress) {
        super(addressType, descriptor);
        this.localAddress = localAddress;
        backoff = new AcceptBackoff(descriptor.reactor(), this::wakeAll);
        descriptor.whenClosed(() -> {
            for (S left = accepted.poll(); left != null; left = accepted.poll()) {
                left.close();
            }
            backoff.end();
            wakeAll();
        });
    }

    /// The stream on a connection that was accepted.
    abstract S stream(Descriptor socket, A remoteAddress);

    /// Accepts one connection; several may wait at a time. It goes on whatever becomes of single connections: one that had
    /// failed in the backlog (`ECONNABORTED` and others) is skipped, and while the process has no descriptor left, or the
    /// kernel no memory (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`), all connections stay in the backlog, and every 100 ms
    /// it is tried again. Fails with `ECANCELED` when this is closed. See `accept(2)`.
    public Future<S> accept() {
        descriptor().checkThread();
        return new Accept();
    }

    /// The address that it was bound to, with the port that was chosen. Any thread.
    @Override
    public A localAddress() {
        return localAddress;
    }

    /// Stops listening. Accepts under way end with `ECANCELED`, connections that nobody took are closed. Idempotent.
    @Override
    public void close() {
        super.close();
    }

    private void wakeAll() {
        List.copyOf(waiting).forEach(Accept::look);
    }

    private final class Accept extends ReactorIo implements Future<S> {

        private MemorySegment peer;
        /// What the kernel brought.
        private S brought;
        /// What the owner gets.
        private S stream;
        private boolean taken;

        Accept() {
            super(StreamListener.this.descriptor());
        }

        @Override
        public boolean poll(Waker waker) {
            descriptor().checkThread();
            if (!finished() && !accepted.isEmpty() && descriptor().isOpen()) {
                abandon(); // what it brings all the same is the next one's
                stream = accepted.poll();
            } else if (submitOrGetResult(waker) && !isPostponed(waker)) {
                stream = brought;
                brought = null;
            } else {
                waiting.add(this);
                return false;
            }
            stopWaiting();
            return true;
        }

        /// Begins anew, after a while, if the result says so.
        private boolean isPostponed(Waker waker) {
            if (ioResult() >= 0 || !descriptor().isOpen() || AcceptBackoff.of(-ioResult()) != Verdict.LATER) {
                return false;
            }
            backoff.begin();
            reset();
            return !submitOrGetResult(waker);
        }

        @Override
        protected boolean mayBegin() {
            return !backoff.isSet();
        }

        @Override
        protected boolean again(int result) {
            return result < 0 && AcceptBackoff.of(-result) == Verdict.AT_ONCE;
        }

        @Override
        public S result() throws ErrnoException {
            if (stream == null) {
                throw Failure.of("accept", descriptor().fd(), localAddress, -ioResult());
            }
            taken = true;
            return stream;
        }

        @Override
        public void cancel() {
            abandon();
            if (!taken) {
                handOn(stream);
                stream = null;
            }
            stopWaiting();
        }

        @Override
        protected void fill(Sqe sqe) {
            peer = descriptor().reactor().pools().scratch().take();
            peer.set(JAVA_INT, SocketAddresses.MAX_BYTES, SocketAddresses.MAX_BYTES);
            sqe.prepAccept(descriptor().fd(), peer.address(), peer.address() + SocketAddresses.MAX_BYTES, Net.SOCK_CLOEXEC);
        }

        @Override
        protected void released(int result) {
            try {
                if (result >= 0) {
                    brought = connection(descriptor().accepted(result));
                }
            } finally {
                if (peer != null) {
                    descriptor().reactor().pools().scratch().give(peer);
                    peer = null;
                }
            }
        }

        private S connection(Descriptor socket) {
            try {
                return stream(socket, cast(SocketAddresses.decode(peer, peer.get(JAVA_INT, SocketAddresses.MAX_BYTES))));
            } catch (Throwable t) {
                socket.close();
                throw t;
            }
        }

        @Override
        protected void dispose(int result) {
            handOn(brought);
            brought = null;
        }

        /// Leaves `connection`, unless it is null, to the next.
        private void handOn(S connection) {
            if (connection == null) {
                return;
            }
            if (!descriptor().isOpen()) {
                connection.close();
                return;
            }
            accepted.add(connection);
            wakeNext();
        }

        private void stopWaiting() {
            waiting.remove(this);
            wakeNext();
        }

        private void wakeNext() {
            if (!accepted.isEmpty() && !waiting.isEmpty()) {
                waiting.getFirst().look();
            }
        }

        /// Has the owner poll again.
        private void look() {
            wake();
        }
    }
}
