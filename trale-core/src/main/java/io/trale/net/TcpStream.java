package io.trale.net;

import io.trale.future.Future;
import io.trale.reactor.Descriptor;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.List;

/// A TCP connection. `TCP_NODELAY` is set unless the options override it. See `tcp(7)`.
public final class TcpStream extends StreamSocket<InetSocketAddress> {

    static final NetOptions DEFAULTS = NetOptions.none().with(StandardSocketOptions.TCP_NODELAY, true);

    TcpStream(Descriptor descriptor, InetSocketAddress remoteAddress) {
        super(InetSocketAddress.class, descriptor, remoteAddress);
    }

    /// Connects to `address`. Fails with `ECONNREFUSED` or `ETIMEDOUT` among others; see `connect(2)`.
    public static Future<TcpStream> connect(InetSocketAddress address) {
        return connect(List.of(address));
    }

    /// Tries `addresses` in order and connects to the first that accepts. Fails with the error of the last address.
    public static Future<TcpStream> connect(List<InetSocketAddress> addresses) {
        return connect(addresses, NetOptions.none());
    }

    /// As [#connect(List)], with `options`.
    public static Future<TcpStream> connect(List<InetSocketAddress> addresses, NetOptions options) {
        return new Connect<>(addresses, DEFAULTS.with(options), TcpStream::new);
    }
}
