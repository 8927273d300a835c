package io.trale.reactive.stream;

import io.trale.future.Future;
import io.trale.net.NetOptions;
import io.trale.net.StreamSocket;
import io.trale.net.TcpStream;
import io.trale.net.UnixStream;
import io.trale.reactive.ConnectOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.TlsOptions;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.MappedFuture;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

/// Opens client connections.
public final class Connector {

    private Connector() {}

    /// A cold connect to `address`: see [io.trale.reactive.Trale#connect(SocketAddress, ConnectOptions)].
    public static Mono<Connection> connect(Loop loop, SocketAddress address, ConnectOptions options) {
        Mono<SocketConnection> connection = connect(loop, address, options.socketOptions());
        TlsOptions tls = options.tls();
        return (tls == null ? connection : connection.flatMap(plain -> withTls(plain, tls))).cast(Connection.class);
    }

    private static Mono<SocketConnection> withTls(SocketConnection connection, TlsOptions options) {
        return connection.startTls(options).thenReturn(connection)
                .doOnError(failure -> connection.abortUnlessClosing()).doFinally(end -> {
                    if (end == SignalType.CANCEL) { // the handshake is cancelled by now
                        connection.abortIfUntouched();
                    }
                });
    }

    private static Mono<SocketConnection> connect(Loop loop, SocketAddress address, NetOptions options) {
        return switch (address) {
            case InetSocketAddress name when name.isUnresolved() ->
                connect(loop, () -> new ConnectByName(name.getHostString(), name.getPort(), options));
            case InetSocketAddress inet -> connect(loop, () -> TcpStream.connect(List.of(inet), options));
            case UnixDomainSocketAddress unix -> connect(loop, () -> UnixStream.connect(unix, options));
            default -> throw new UnsupportedAddressTypeException();
        };
    }

    private static Mono<SocketConnection> connect(Loop loop, Supplier<Future<? extends StreamSocket<?>>> connect) {
        return new FutureMono<SocketConnection>(loop,
                () -> new MappedFuture<>(connect.get(), stream -> open(loop, stream)),
                SocketConnection::abort, SocketConnection::abortIfUntouched).assembled();
    }

    private static SocketConnection open(Loop loop, StreamSocket<?> stream) {
        try {
            return SocketConnection.open(loop, stream.descriptor(), stream.remoteAddress(), true);
        } catch (Throwable t) {
            stream.close();
            throw t;
        }
    }
}
