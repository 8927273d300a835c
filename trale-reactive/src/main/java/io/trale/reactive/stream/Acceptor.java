package io.trale.reactive.stream;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.leaf.AcceptBackoff;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Connection;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactive.loop.UnicastSubscription;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/// The listening side: as many `accept(2)` in flight as there is demand, up to a few, and none without demand.
///
/// Connections without demand wait in the listen backlog. If the process has no descriptor left, or the kernel no memory,
/// accepting pauses and is retried: see [AcceptBackoff].
final class Acceptor {

    private static final int WINDOW = 16;

    private final Loop loop;
    private final Descriptor descriptor;
    private final SocketAddress localAddress;

    private final UnicastSubscription.Place place = new UnicastSubscription.Place();

    // For the loop alone.
    // No more than WINDOW are in flight, or accepted and not signalled. So these queues never grow.
    private final ArrayDeque<Accept> idle = new ArrayDeque<>(WINDOW);
    private final ArrayDeque<Accept> busy = new ArrayDeque<>(WINDOW);
    /// Accepted after their subscriber has cancelled: for the next one.
    private final ArrayDeque<SocketConnection> accepted = new ArrayDeque<>(WINDOW);
    private final AcceptBackoff backoff;
    private @Nullable IOException failure;

    Acceptor(Loop loop, Descriptor descriptor, SocketAddress localAddress) {
        this.loop = loop;
        this.descriptor = descriptor;
        this.localAddress = localAddress;
        backoff = new AcceptBackoff(descriptor, localAddress, place::wake);
        descriptor.whenClosed(() -> {
            backoff.end();
            abortAccepted();
            place.wake();
        });
    }

    /// The publisher of connections, as what `kind` makes of each.
    <C extends Connection> Flux<C> flux(Function<? super SocketConnection, ? extends C> kind) {
        return new SourceFlux<C>("traleAccept", actual -> new AcceptSubscription<>(kind, actual)).assembled();
    }

    private void abortAccepted() {
        accepted.forEach(Connection::abort);
        accepted.clear();
    }

    private final class Accept extends Operation {

        private @Nullable MemorySegment peer;

        Accept() {
            super(Acceptor.this.descriptor);
        }

        @Override
        protected void fill(Sqe sqe) {
            MemorySegment memory = loop.reactor.pools().scratch().take();
            memory.set(JAVA_INT, SocketAddresses.MAX_BYTES, SocketAddresses.MAX_BYTES);
            sqe.prepAccept(descriptor.fd(), memory.address(), memory.address() + SocketAddresses.MAX_BYTES, Net.SOCK_CLOEXEC);
            peer = memory;
        }

        @Override
        protected void complete(int result, int flags) {
            busy.remove(this);
            idle.push(this);
            int outcome = -Errno.ENOMEM; // if this throws: the connection is closed, and accepting pauses
            try {
                if (result >= 0) {
                    accepted.add(connection(result));
                }
                outcome = result;
            } finally {
                ended(outcome);
            }
        }

        private void ended(int result) {
            if (peer != null) {
                loop.reactor.pools().scratch().give(peer);
                peer = null;
            }
            if (result < 0 && result != -Errno.ECANCELED) {
                failed(-result);
            }
            if (!descriptor.isOpen()) {
                abortAccepted();
            }
            place.wake();
        }

        private void failed(int errno) {
            switch (AcceptBackoff.of(errno)) {
                case AT_ONCE -> { } // one connection has failed in the backlog
                case LATER -> backoff.begin(errno);
                case NEVER -> failure = Failure.of("accept", descriptor.fd(), localAddress, errno);
            }
        }

        private SocketConnection connection(int fd) {
            MemorySegment memory = Objects.requireNonNull(peer, "not filled in");
            Descriptor socket = descriptor().accepted(fd);
            try {
                return SocketConnection.open(loop, socket,
                        SocketAddresses.decode(memory, memory.get(JAVA_INT, SocketAddresses.MAX_BYTES)), false);
            } catch (Throwable t) {
                socket.close();
                throw t;
            }
        }
    }

    /// One subscription to `accept()`.
    private final class AcceptSubscription<C extends Connection> extends UnicastSubscription<C> {

        private final Function<? super SocketConnection, ? extends C> kind;

        AcceptSubscription(Function<? super SocketConnection, ? extends C> kind, CoreSubscriber<? super C> actual) {
            super(Acceptor.this.loop, place, actual);
            this.kind = kind;
        }

        @Override
        protected void progress() {
            while (!accepted.isEmpty() && wanted()) {
                next(kind.apply(accepted.remove()));
            }
            if (!accepted.isEmpty() || isOver()) {
                return;
            }
            if (failure != null) {
                fail(failure);
            } else if (descriptor.isClosed() || !loop.reactor.isAccepting() && busy.isEmpty()) {
                closed();
            } else if (!descriptor.isOpen() || !loop.reactor.isAccepting()) {
                return; // ends after the last accept in flight
            } else {
                while (!backoff.isSet() && busy.size() < Math.min(WINDOW, demand())) {
                    Accept accept = idle.isEmpty() ? new Accept() : idle.pop();
                    busy.add(accept);
                    loop.reactor.stage(accept);
                }
            }
        }

        @Override
        protected void release() {
            busy.forEach(loop.reactor::cancel);
        }

        @Override
        protected void lost(C connection, Context context) {
            connection.abort();
        }

        @Override
        protected String describe() {
            return "accept() on " + SocketAddresses.format(localAddress);
        }
    }
}
