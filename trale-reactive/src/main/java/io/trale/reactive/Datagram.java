package io.trale.reactive;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A datagram of [UdpEndpoint], received or to be sent.
///
/// @param data the bytes; those of a received datagram are a heap buffer of exact size that belongs to the subscriber
/// @param peer the sender, or the destination; null means the peer that the endpoint is connected to
/// @param truncated true if the datagram was longer than a receive buffer; `data` is its beginning
/// @param dropped the number of datagrams that the kernel had dropped since the endpoint was opened, because the socket's
///        receive buffer was full; it grows if the subscriber requests too slowly
public record Datagram(ByteBuffer data, @Nullable InetSocketAddress peer, boolean truncated, long dropped) {

    public Datagram {
        Objects.requireNonNull(data);
    }

    /// A datagram to send to `peer`.
    public static Datagram to(InetSocketAddress peer, ByteBuffer data) {
        return new Datagram(data, Objects.requireNonNull(peer), false, 0);
    }

    /// A datagram to send to the peer that the endpoint is connected to.
    public static Datagram of(ByteBuffer data) {
        return new Datagram(data, null, false, 0);
    }

    /// A datagram to send back to the sender of this one.
    public Datagram reply(ByteBuffer data) {
        return new Datagram(data, peer, false, 0);
    }
}
