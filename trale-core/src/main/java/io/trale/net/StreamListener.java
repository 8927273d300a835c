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

/// A listening socket; accepts connections.
public abstract sealed class StreamListener<A extends SocketAddress, S extends StreamSocket<A>> extends NetworkSocket<A>
        permits TcpListener, UnixListener {

    private final A localAddress;
    /// Connections that arrived for a cancelled accept; the next accepts get them.
    private final ArrayDeque<S> accepted = new ArrayDeque<>();
    /// The pending accepts. If a cancelled accept leaves a connection, the first of these is woken to take it.
    private final LinkedHashSet<Accept> waiting = new LinkedHashSet<>();
    private final AcceptBackoff backoff;

    StreamListener(Class<A> addressType, Descriptor descriptor, A localAddress) {
        super(addressType, descriptor);
        this.localAddress = localAddress;
        backoff = new AcceptBackoff(descriptor, localAddress, this::wakeAll);
        descriptor.whenClosed(() -> {
            for (S left = accepted.poll(); left != null; left = accepted.poll()) {
                left.close();
            }
            backoff.end();
            wakeAll();
        });
    }

    /// Creates the stream of an accepted connection.
    abstract S stream(Descriptor socket, A remoteAddress);

    /// Accepts one connection. Several accepts may be pending. Fails with `ECANCELED` if the listener is closed. See
    /// `accept(2)`.
    ///
    /// - A connection that failed in the backlog (`ECONNABORTED` and others) is skipped.
    /// - If the process has no free descriptor or the kernel no memory (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`),
    ///   connections stay in the backlog. The accept is retried every 100 ms. If there is no heap memory for an accepted
    ///   connection, that connection is closed.
    ///   This is logged once, and counted by [io.trale.task.Stats#acceptPauses].
    public Future<S> accept() {
        descriptor().checkThread();
        return new Accept();
    }

    /// The local address. If the listener was bound to port 0, it contains the port that the kernel has chosen. Any thread.
    @Override
    public A localAddress() {
        return localAddress;
    }

    /// Stops listening. Pending accepts fail with `ECANCELED`. Accepted connections that no accept has taken are closed.
    /// Idempotent.
    @Override
    public void close() {
        super.close();
    }

    private void wakeAll() {
        List.copyOf(waiting).forEach(Accept::look);
    }

    private final class Accept extends ReactorIo implements Future<S> {

        /// The connection that this operation has accepted.
        private S brought;
        /// The result: `brought`, or a connection from `accepted`.
        private S stream;
        private boolean taken;

        Accept() {
            super(StreamListener.this.descriptor());
        }

        @Override
        public boolean poll(Waker waker) {
            descriptor().checkThread();
            if (!finished() && !accepted.isEmpty() && descriptor().isOpen()) {
                abandon(); // if it still accepts a connection, the next accept gets it
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

        /// If the result calls for a retry later, schedules it and returns true.
        private boolean isPostponed(Waker waker) {
            if (ioResult() >= 0 || !descriptor().isOpen() || AcceptBackoff.of(-ioResult()) != Verdict.LATER) {
                return false;
            }
            backoff.begin(-ioResult());
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
            descriptor().checkThread();
            if (stream == null) {
                throw Failure.of("accept", descriptor().fd(), localAddress, -ioResult());
            }
            taken = true;
            return stream;
        }

        @Override
        public void cancel() {
            abandon();
            S unused = taken ? null : stream;
            stream = taken ? stream : null;
            try {
                handOn(unused);
            } finally {
                stopWaiting();
            }
        }

        @Override
        protected void fill(Sqe sqe) {
            MemorySegment peer = take(pools().scratch());
            peer.set(JAVA_INT, SocketAddresses.MAX_BYTES, SocketAddresses.MAX_BYTES);
            sqe.prepAccept(descriptor().fd(), peer.address(), peer.address() + SocketAddresses.MAX_BYTES, Net.SOCK_CLOEXEC);
        }

        @Override
        protected void released(int result) {
            if (result >= 0) {
                brought = connection(descriptor().accepted(result)); // if it throws, the connection is closed
            }
        }

        private S connection(Descriptor socket) {
            try {
                return stream(socket, cast(SocketAddresses.decode(memory(),
                        memory().get(JAVA_INT, SocketAddresses.MAX_BYTES))));
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

        /// Passes `connection`, unless it is null, to the next accept; closes it if the listener is closed.
        private void handOn(S connection) {
            if (connection == null) {
                return;
            }
            if (!descriptor().isOpen()) {
                connection.close();
                return;
            }
            try {
                accepted.add(connection);
            } catch (Throwable t) {
                connection.close();
                throw t;
            }
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

        /// Wakes the owner, which then polls again.
        private void look() {
            wake();
        }
    }
}
