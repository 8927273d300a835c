package io.trale.reactive;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A datagram of [UdpEndpoint], received or to be sent.
///
/// @param data the bytes; what was received is a heap buffer of exact size that belongs to the subscriber
/// @param peer who has sent it, or is to receive it; null for the peer that the endpoint is connected to
/// @param truncated true if it was longer than a receive buffer, and `data` is the beginning
/// @param dropped how many datagrams the kernel had dropped by then, since the endpoint was opened, for want of room: it
///        grows when the subscriber asks too slowly
public record Datagram(ByteBuffer data, @Nullable InetSocketAddress peer, boolean truncated, long dropped) {

    public Datagram {
        Objects.requireNonNull(data);
    }

    /// To be sent to `peer`.
    public static Datagram to(InetSocketAddress peer, ByteBuffer data) {
        return new Datagram(data, Objects.requireNonNull(peer), false, 0);
    }

    /// To be sent to the peer that the endpoint is connected to.
    public static Datagram of(ByteBuffer data) {
        return new Datagram(data, null, false, 0);
    }

    /// An answer to whoever has sent this.
    public Datagram reply(ByteBuffer data) {
        return new Datagram(data, peer, false, 0);
    }
}
