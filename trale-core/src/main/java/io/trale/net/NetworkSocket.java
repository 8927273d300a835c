package io.trale.net;

import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.leaf.Sockets;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/// What all sockets have: an address on this side, options, and an end. Belongs to the executor of the thread that made it.
public abstract sealed class NetworkSocket<A extends SocketAddress> implements AutoCloseable
        permits StreamSocket, StreamListener, DatagramSocket {

    private final Class<A> addressType;
    private final Descriptor descriptor;

    NetworkSocket(Class<A> addressType, Descriptor descriptor) {
        this.addressType = addressType;
        this.descriptor = descriptor;
    }

    /// A new socket with `options`, bound to `address` unless that is the empty path. Fails as `bind(2)`.
    static Descriptor bound(SocketAddress address, int type, NetOptions options) throws IOException {
        SocketAddresses.check(address);
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        Descriptor socket = Sockets.open(reactor, address, type);
        try {
            options.applyTo(socket);
            Path path = address instanceof UnixDomainSocketAddress unix ? unix.getPath() : null;
            if (path == null || !path.toString().isEmpty()) {
                int result = Sockets.bind(socket, address);
                if (result < 0) {
                    throw Failure.of("bind", address, -result);
                }
                if (path != null) {
                    BoundPath.removeWhenClosed(socket, path);
                }
            }
            return socket;
        } catch (Throwable t) {
            socket.close();
            throw t;
        }
    }

    /// As `bound`, of a socket that is to accept connections.
    static Descriptor listening(SocketAddress address, NetOptions options) throws IOException {
        Descriptor socket = bound(address, Net.SOCK_STREAM, options);
        int result = socket.reactor().kernel().listen(socket.fd(), Net.SOMAXCONN);
        if (result < 0) {
            socket.close();
            throw Failure.of("bind", address, -result);
        }
        return socket;
    }

    /// The address that `socket` was bound to. Closes the socket if the kernel does not tell.
    static SocketAddress name(Descriptor socket) throws IOException {
        try {
            return Sockets.localAddress(socket);
        } catch (Throwable t) {
            socket.close();
            throw t;
        }
    }

    /// An address that the kernel gave, which is of this socket's kind.
    final A cast(SocketAddress address) {
        return addressType.cast(address);
    }

    /// The address of this side.
    public abstract A localAddress() throws IOException;

    /// Sets an option. Those that must be set before the socket is bound or connected are given there: see [NetOptions],
    /// which has the list. Fails with `ENOPROTOOPT` or `EOPNOTSUPP` for one that this kind of socket has not, with `EINVAL`
    /// for a value out of range or a moment too late, and with `EBADF` when the socket is closed; see `setsockopt(2)`.
    public final <T> void setOption(SocketOption<T> option, T value) throws IOException {
        descriptor.checkThread();
        Sockets.setOption(descriptor, option, value);
    }

    /// What an option is set to, as the kernel has it: a size of a buffer is twice what was asked for, see `socket(7)`.
    /// `IP_MULTICAST_IF` cannot be asked for ([UnsupportedOperationException]). Fails as [#setOption]; see `getsockopt(2)`.
    public final <T> T getOption(SocketOption<T> option) throws IOException {
        descriptor.checkThread();
        return Sockets.option(descriptor, option);
    }

    /// Closes the socket once the kernel has let go of what is in flight, which is cancelled: those futures fail with
    /// `ECANCELED`. Idempotent.
    @Override
    public void close() {
        descriptor.close();
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }
}
