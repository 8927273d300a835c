package io.trale.net;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;

/// A socket for datagrams between processes of this host. Datagrams are not lost and not reordered. See `unix(7)`.
///
/// If the receiver's queue is full, a connected sender waits; an unconnected sender fails with `EAGAIN`. Poll reports free
/// space in the receiver's queue only to connected senders.
///
/// A sender that is not bound to a path has no address, so the receiver cannot reply.
public final class UnixDatagramSocket extends DatagramSocket<UnixDomainSocketAddress, UnixDatagram> {

    private UnixDatagramSocket(Descriptor descriptor, UnixDomainSocketAddress localAddress) {
        super(UnixDomainSocketAddress.class, descriptor, localAddress);
    }

    /// Opens a socket and binds it to the path `address`; with the empty path, does not bind it. The bind creates the path,
    /// and a close removes it.
    ///
    /// Fails with `EADDRINUSE` if the path exists, and with `EACCES` or `ENOENT` among others; see `bind(2)`. Throws
    /// [IllegalArgumentException] if the path is longer than 107 bytes. Blocks as [UnixListener#bind].
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
