package io.trale.net;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.leaf.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/// A UDP socket, unconnected or connected. See `udp(7)`.
public final class UdpSocket extends DatagramSocket<InetSocketAddress, Datagram> {

    private UdpSocket(Descriptor descriptor, InetSocketAddress localAddress) {
        super(InetSocketAddress.class, descriptor, localAddress);
    }

    /// A socket on `address`, port 0 meaning any free one. Fails with `EADDRINUSE`, `EACCES` and more; see `bind(2)`.
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

    /// Receives what is sent to `group` by way of `network` from now on. Fails with `EADDRINUSE` if it does already, with
    /// `EINVAL` if `group` is no multicast address, and more; see `ip(7)` and `ipv6(7)`.
    public void join(InetAddress group, NetworkInterface network) throws IOException {
        descriptor().checkThread();
        Sockets.membership(descriptor(), true, group, network);
    }

    /// Undoes [#join]. Fails with `EADDRNOTAVAIL` if there is nothing to undo.
    public void leave(InetAddress group, NetworkInterface network) throws IOException {
        descriptor().checkThread();
        Sockets.membership(descriptor(), false, group, network);
    }
}
