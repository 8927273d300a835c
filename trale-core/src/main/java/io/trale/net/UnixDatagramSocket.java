package io.trale.net;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;

/// A socket for datagrams between processes of this host. Nothing is lost or reordered. A receiver that has not looked for
/// a while is full: then who is connected to it waits, and who is not fails with `EAGAIN`, since only the former is told of
/// room. A sender that is bound to no path has no name, and nobody can answer it. See `unix(7)`.
public final class UnixDatagramSocket extends DatagramSocket<UnixDomainSocketAddress, UnixDatagram> {

    private UnixDatagramSocket(Descriptor descriptor, UnixDomainSocketAddress localAddress) {
        super(UnixDomainSocketAddress.class, descriptor, localAddress);
    }

    /// A socket at `address`; the empty path means at none. The path is made, and removed when this is closed; one that
    /// exists is not removed here: that is `EADDRINUSE`. Fails with `EACCES` or `ENOENT` among others; see `bind(2)`. Throws
    /// [IllegalArgumentException] if the path is longer than 107 bytes.
    public static UnixDatagramSocket bind(UnixDomainSocketAddress address) throws IOException {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(UnixDomainSocketAddress)], with `options`.
    public static UnixDatagramSocket bind(UnixDomainSocketAddress address, NetOptions options) throws IOException {
        return new UnixDatagramSocket(bound(address, Net.SOCK_DGRAM, options), address);
    }

    @Override
    UnixDatagram datagram(int length, int size, UnixDomainSocketAddress sender) {
        return new UnixDatagram(length, size, sender);
    }
}
