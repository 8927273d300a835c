package io.trale.net;

import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;

/// A Unix stream socket that accepts connections, for processes that may write to its path. See `unix(7)`.
public final class UnixListener extends StreamListener<UnixDomainSocketAddress, UnixStream> {

    private UnixListener(Descriptor descriptor, UnixDomainSocketAddress localAddress) {
        super(UnixDomainSocketAddress.class, descriptor, localAddress);
    }

    /// Listens at `address`. The path is made, and removed when this is closed, unless it is another's by then. One that
    /// exists is not removed here: that is `EADDRINUSE`, also if it is only what a killed process has left. Fails with
    /// `EACCES` or `ENOENT` among others; see `bind(2)`. Throws [IllegalArgumentException] if the path is longer than 107
    /// bytes.
    public static UnixListener bind(UnixDomainSocketAddress address) throws IOException {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(UnixDomainSocketAddress)], with `options`. Connections do not inherit them.
    public static UnixListener bind(UnixDomainSocketAddress address, NetOptions options) throws IOException {
        return new UnixListener(listening(address, options), address);
    }

    @Override
    UnixStream stream(Descriptor socket, UnixDomainSocketAddress remoteAddress) {
        return new UnixStream(socket, remoteAddress);
    }
}
