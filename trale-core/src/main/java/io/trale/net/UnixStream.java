package io.trale.net;

import io.trale.future.Future;
import io.trale.reactor.Descriptor;
import java.net.UnixDomainSocketAddress;
import java.util.List;

/// A connection between processes of this host, by way of a path. A peer that has not bound a path of its own has no name:
/// its address is the empty path. See `unix(7)`.
public final class UnixStream extends StreamSocket<UnixDomainSocketAddress> {

    UnixStream(Descriptor descriptor, UnixDomainSocketAddress remoteAddress) {
        super(UnixDomainSocketAddress.class, descriptor, remoteAddress);
    }

    /// Connects to `address`. Fails with `ENOENT` if there is nothing, with `ECONNREFUSED` if nobody listens any more, and
    /// more; see `connect(2)`. Throws [IllegalArgumentException] if the path is longer than 107 bytes.
    public static Future<UnixStream> connect(UnixDomainSocketAddress address) {
        return connect(address, NetOptions.none());
    }

    /// As [#connect(UnixDomainSocketAddress)], of a socket with `options`.
    public static Future<UnixStream> connect(UnixDomainSocketAddress address, NetOptions options) {
        return new Connect<>(List.of(address), options, UnixStream::new);
    }
}
