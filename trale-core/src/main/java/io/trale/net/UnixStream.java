package io.trale.net;

import io.trale.future.Future;
import io.trale.reactor.Descriptor;
import java.net.UnixDomainSocketAddress;
import java.util.List;

/// A stream connection between processes of this host. The address of a peer that is not bound to a path is the empty path.
/// See `unix(7)`.
public final class UnixStream extends StreamSocket<UnixDomainSocketAddress> {

    UnixStream(Descriptor descriptor, UnixDomainSocketAddress remoteAddress) {
        super(UnixDomainSocketAddress.class, descriptor, remoteAddress);
    }

    /// Connects to `address`. Fails with `ENOENT` if the path does not exist, and with `ECONNREFUSED` if no socket listens
    /// on it, among others; see `connect(2)`. Throws [IllegalArgumentException] if the path is longer than 107 bytes.
    public static Future<UnixStream> connect(UnixDomainSocketAddress address) {
        return connect(address, NetOptions.none());
    }

    /// As [#connect(UnixDomainSocketAddress)], with `options`.
    public static Future<UnixStream> connect(UnixDomainSocketAddress address, NetOptions options) {
        return new Connect<>(List.of(address), options, UnixStream::new);
    }
}
