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

/// The base of all sockets: local address, options and close. Belongs to the executor of the thread that created it.
public abstract sealed class NetworkSocket<A extends SocketAddress> implements AutoCloseable
        permits StreamSocket, StreamListener, DatagramSocket {

    private final Class<A> addressType;
    private final Descriptor descriptor;

    NetworkSocket(Class<A> addressType, Descriptor descriptor) {
        this.addressType = addressType;
        this.descriptor = descriptor;
    }

    /// Opens a socket with `options` and binds it to `address`, unless `address` is the empty path. Fails as `bind(2)`.
    static Descriptor bound(SocketAddress address, int type, NetOptions options) throws IOException {
        SocketAddresses.check(address);
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        Descriptor socket = Sockets.open(reactor, address, type);
        try {
            options.applyTo(socket);
            Path path = address instanceof UnixDomainSocketAddress unix ? unix.getPath() : null;
            if (path == null || !path.toString().isEmpty()) {
                Failure.check("bind", address, Sockets.bind(socket, address));
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

    /// As `bound`, for a stream socket; then calls `listen(2)`.
    static Descriptor listening(SocketAddress address, NetOptions options) throws IOException {
        Descriptor socket = bound(address, Net.SOCK_STREAM, options);
        int result = socket.reactor().kernel().listen(socket.fd(), Net.SOMAXCONN);
        if (result < 0) {
            socket.close();
            throw Failure.of("bind", address, -result);
        }
        return socket;
    }

    /// The local address of `socket`, as `getsockname(2)`. Closes the socket if that fails.
    static SocketAddress name(Descriptor socket) throws IOException {
        try {
            return Sockets.localAddress(socket);
        } catch (Throwable t) {
            socket.close();
            throw t;
        }
    }

    /// Casts an address from the kernel to the type of this socket's addresses.
    final A cast(SocketAddress address) {
        return addressType.cast(address);
    }

    /// The local address.
    public abstract A localAddress() throws IOException;

    /// Sets an option; see [NetOptions] for the list. To set options before the bind or connect, pass them to `bind` or
    /// `connect`.
    ///
    /// Fails with `ENOPROTOOPT` or `EOPNOTSUPP` if this type of socket does not have the option, with `EINVAL` if the value
    /// is out of range or if it is too late to set the option, and with `EBADF` if the socket is closed. See
    /// `setsockopt(2)`.
    public final <T> void setOption(SocketOption<T> option, T value) throws IOException {
        descriptor.checkThread();
        Sockets.setOption(descriptor, option, value);
    }

    /// The value of an option, as the kernel reports it. A buffer size is twice the value that was set, see `socket(7)`.
    /// Throws [UnsupportedOperationException] for `IP_MULTICAST_IF`. Fails as [#setOption]; see `getsockopt(2)`.
    public final <T> T getOption(SocketOption<T> option) throws IOException {
        descriptor.checkThread();
        return Sockets.option(descriptor, option);
    }

    /// Closes the socket. Operations in flight are cancelled, and their futures fail with `ECANCELED`. The descriptor is
    /// closed after the kernel has completed them. Idempotent.
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
