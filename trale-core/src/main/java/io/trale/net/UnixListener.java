package io.trale.net;

import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;

/// A listening Unix stream socket. Processes with write permission on its path can connect. See `unix(7)`.
public final class UnixListener extends StreamListener<UnixDomainSocketAddress, UnixStream> {

    private UnixListener(Descriptor descriptor, UnixDomainSocketAddress localAddress) {
        super(UnixDomainSocketAddress.class, descriptor, localAddress);
    }

    /// Listens on the path `address`. The bind creates the path. A close removes it, unless another file has replaced it.
    ///
    /// Fails with `EADDRINUSE` if the path exists, even if a killed process has left it: the caller must remove it first.
    /// Fails with `EACCES` or `ENOENT` among others; see `bind(2)`. Throws [IllegalArgumentException] if the path is longer
    /// than 107 bytes.
    ///
    /// The bind, and the removal of the path at the close, block the thread until the file system has answered. Choose a path
    /// on a local file system, such as one in `/run`, where this takes microseconds.
    public static UnixListener bind(UnixDomainSocketAddress address) throws IOException {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(UnixDomainSocketAddress)], with `options`. Accepted connections do not inherit them.
    public static UnixListener bind(UnixDomainSocketAddress address, NetOptions options) throws IOException {
        return new UnixListener(listening(address, options), address);
    }

    @Override
    UnixStream stream(Descriptor socket, UnixDomainSocketAddress remoteAddress) {
        return new UnixStream(socket, remoteAddress);
    }
}
