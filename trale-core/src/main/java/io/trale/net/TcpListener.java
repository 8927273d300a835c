package io.trale.net;

import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;

/// A TCP socket that accepts connections. Its options are inherited by them; `TCP_NODELAY` is set unless others say
/// otherwise.
public final class TcpListener extends StreamListener<InetSocketAddress, TcpStream> {

    private static final NetOptions DEFAULTS = TcpStream.DEFAULTS.with(StandardSocketOptions.SO_REUSEADDR, true);

    private TcpListener(Descriptor descriptor, InetSocketAddress localAddress) {
        super(InetSocketAddress.class, descriptor, localAddress);
    }

    /// Listens on `address`, port 0 meaning any free one; with `SO_REUSEADDR`, so that a server can be started again
    /// at once. The IPv6 wildcard `new InetSocketAddress("::", port)` takes IPv4 clients too; `new InetSocketAddress(port)` is
    /// IPv4's on most JVMs. Fails with `EADDRINUSE` or `EACCES` among others; see `bind(2)`.
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
