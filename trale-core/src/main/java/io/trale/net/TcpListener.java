package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.reactor.ReactorIo;
import io.trale.reactor.Sockets;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;

/// A TCP socket that accepts connections. Belongs to the executor of the thread that made it.
public final class TcpListener implements AutoCloseable {

    /// As long as the kernel allows: it clamps to `net.core.somaxconn`.
    private static final int BACKLOG = 4096;

    private final Descriptor descriptor;
    private final InetSocketAddress localAddress;
    /// Accepted for an `accept` that was cancelled in the meantime: for the next one.
    private final ArrayDeque<TcpStream> accepted = new ArrayDeque<>();
    /// Those that wait, to whom the connection of one that was cancelled is as good as their own.
    private final ArrayDeque<Accept> waiting = new ArrayDeque<>();

    private TcpListener(Descriptor descriptor, InetSocketAddress localAddress) {
        this.descriptor = descriptor;
        this.localAddress = localAddress;
        descriptor.whenClosed(() -> accepted.forEach(TcpStream::close));
    }

    /// Listens on `address`, port 0 meaning any free one; with `SO_REUSEADDR`, so that a server can be started again
    /// at once. An IPv6 wildcard takes IPv4 clients too. Fails with `EADDRINUSE` or `EACCES` among others; see `bind(2)`.
    public static TcpListener bind(InetSocketAddress address) throws IOException {
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        Descriptor socket = Sockets.open(reactor, Sockets.resolved(address), Net.SOCK_STREAM);
        Sockets.setOption(socket, Net.SOL_SOCKET, Net.SO_REUSEADDR, 1);
        if (SocketAddresses.family(address) == Net.AF_INET6) {
            Sockets.setOption(socket, Net.IPPROTO_IPV6, Net.IPV6_V6ONLY, address.getAddress().isAnyLocalAddress() ? 0 : 1);
        }
        int result = Sockets.bind(socket, address);
        if (result == 0) {
            result = reactor.kernel().listen(socket.fd(), BACKLOG);
        }
        if (result < 0) {
            socket.close();
            throw Failure.of("bind", address, -result);
        }
        return new TcpListener(socket, Sockets.localAddress(socket));
    }

    /// The address with the port that was chosen.
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /// Accepts one connection; several may wait at a time. Fails with `EMFILE` when the process has no descriptor left:
    /// the connection then stays in the backlog, and accepting may be tried again. See `accept(2)`.
    public Future<TcpStream> accept() {
        return new Accept();
    }

    /// Stops listening. Accepts under way end with `ECANCELED`, connections that nobody took are closed.
    @Override
    public void close() {
        descriptor.close();
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }

    private final class Accept extends ReactorIo implements Future<TcpStream> {

        private MemorySegment peer;
        /// What the kernel brought.
        private TcpStream brought;
        /// What the owner gets.
        private TcpStream stream;
        private boolean taken;
        private boolean isWaiting;

        Accept() {
            super(TcpListener.this.descriptor);
        }

        @Override
        public boolean poll(Waker waker) {
            if (!finished() && !accepted.isEmpty()) {
                abandon(); // what it brings all the same is the next one's
                stream = accepted.poll();
            } else if (submitOrGetResult(waker)) {
                stream = brought;
                brought = null;
            } else {
                if (!isWaiting) {
                    isWaiting = true;
                    waiting.add(this);
                }
                return false;
            }
            stopWaiting();
            return true;
        }

        @Override
        public TcpStream result() throws ErrnoException {
            if (stream == null) {
                throw Failure.of("accept", descriptor.fd(), localAddress, -ioResult());
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
            peer = descriptor.reactor().scratch().take();
            peer.set(JAVA_INT, SocketAddresses.MAX_BYTES, SocketAddresses.MAX_BYTES);
            sqe.prepAccept(descriptor.fd(), peer.address(), peer.address() + SocketAddresses.MAX_BYTES, Net.SOCK_CLOEXEC);
        }

        @Override
        protected void released(int result) {
            if (result >= 0) {
                brought = TcpStream.accepted(new Descriptor(descriptor.reactor(), result), SocketAddresses.decode(peer));
            }
            if (peer != null) {
                descriptor.reactor().scratch().give(peer);
                peer = null;
            }
        }

        @Override
        protected void dispose(int result) {
            handOn(brought);
            brought = null;
        }

        /// Leaves `connection`, unless it is null, to the next.
        private void handOn(TcpStream connection) {
            if (connection == null) {
                return;
            }
            if (!descriptor.isOpen()) {
                connection.close();
                return;
            }
            accepted.add(connection);
            wakeNext();
        }

        private void stopWaiting() {
            if (isWaiting) {
                isWaiting = false;
                waiting.remove(this);
            }
            wakeNext();
        }

        private void wakeNext() {
            if (!accepted.isEmpty() && !waiting.isEmpty()) {
                waiting.element().wake();
            }
        }
    }
}
