package io.trale.net;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.leaf.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/// A UDP socket, connected or unconnected. See `udp(7)`.
public final class UdpSocket extends DatagramSocket<InetSocketAddress, Datagram> {

    private UdpSocket(Descriptor descriptor, InetSocketAddress localAddress) {
        super(InetSocketAddress.class, descriptor, localAddress);
    }

    /// Opens a socket and binds it to `address`; port 0 means any free port. Fails with `EADDRINUSE` or `EACCES` among
    /// others; see `bind(2)`.
    public static UdpSocket bind(InetSocketAddress address) throws IOException {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(InetSocketAddress)], with `options`.
    public static UdpSocket bind(InetSocketAddress address, NetOptions options) throws IOException {
        Descriptor socket = bound(address, Net.SOCK_DGRAM, options);
        return new UdpSocket(socket, (InetSocketAddress) name(socket));
    }

    @Override
    Datagram datagram(int length, int size, InetSocketAddress sender) {
        return new Datagram(length, size, sender);
    }

    /// Joins the multicast `group` on the interface `network`. Fails with `EADDRINUSE` if the socket is already a member,
    /// and with `EINVAL` if `group` is not a multicast address, among others; see `ip(7)` and `ipv6(7)`.
    public void join(InetAddress group, NetworkInterface network) throws IOException {
        descriptor().checkThread();
        Sockets.membership(descriptor(), true, group, network);
    }

    /// Leaves the multicast `group` on `network`. Fails with `EADDRNOTAVAIL` if the socket is not a member.
    public void leave(InetAddress group, NetworkInterface network) throws IOException {
        descriptor().checkThread();
        Sockets.membership(descriptor(), false, group, network);
    }
}
