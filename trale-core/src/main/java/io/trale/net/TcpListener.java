package io.trale.net;

import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;

/// A listening TCP socket. Accepted connections inherit its options. `TCP_NODELAY` is set unless the options override it.
public final class TcpListener extends StreamListener<InetSocketAddress, TcpStream> {

    private static final NetOptions DEFAULTS = TcpStream.DEFAULTS.with(StandardSocketOptions.SO_REUSEADDR, true);

    private TcpListener(Descriptor descriptor, InetSocketAddress localAddress) {
        super(InetSocketAddress.class, descriptor, localAddress);
    }

    /// Listens on `address`; port 0 means any free port. `SO_REUSEADDR` is set, so that a server can restart at once. Fails
    /// with `EADDRINUSE` or `EACCES` among others; see `bind(2)`.
    ///
    /// The IPv6 wildcard `new InetSocketAddress("::", port)` accepts IPv4 clients too. On most JVMs,
    /// `new InetSocketAddress(port)` is the IPv4 wildcard.
    public static TcpListener bind(InetSocketAddress address) throws IOException {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(InetSocketAddress)], with `options`.
    public static TcpListener bind(InetSocketAddress address, NetOptions options) throws IOException {
        NetOptions defaults = SocketAddresses.family(address) != Net.AF_INET6 ? DEFAULTS
                : DEFAULTS.with(NetOptions.IPV6_V6ONLY, !address.getAddress().isAnyLocalAddress());
        Descriptor socket = listening(address, defaults.with(options));
        return new TcpListener(socket, (InetSocketAddress) name(socket));
    }

    @Override
    TcpStream stream(Descriptor socket, InetSocketAddress remoteAddress) {
        return new TcpStream(socket, remoteAddress);
    }
}
