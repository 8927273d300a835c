package io.trale.reactive.stream;

import io.trale.net.NetOptions;
import io.trale.net.StreamListener;
import io.trale.net.TcpListener;
import io.trale.net.UnixListener;
import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.ReadyFuture;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// A [Listener] on a socket; [Acceptor] accepts.
public final class SocketListener implements Listener {

    private final Loop loop;
    private final StreamListener<?, ?> listener;
    private final Acceptor acceptor;
    private final Sinks.Empty<Void> closed = Sinks.empty();

    private SocketListener(Loop loop, StreamListener<?, ?> listener) {
        this.loop = loop;
        this.listener = listener;
        acceptor = new Acceptor(loop, listener.descriptor(), listener.localAddress());
        listener.descriptor().whenClosed(closed::tryEmitEmpty);
    }

    /// A cold opening: see [io.trale.reactive.Trale#bind(SocketAddress, NetOptions)].
    public static Mono<SocketListener> bind(Loop loop, SocketAddress address, NetOptions options) {
        return new FutureMono<SocketListener>(loop, () -> new ReadyFuture<>(() -> open(loop, address, options)),
                Listener::dispose).assembled();
    }

    private static SocketListener open(Loop loop, SocketAddress address, NetOptions options) throws IOException {
        StreamListener<?, ?> socket = switch (address) {
            case InetSocketAddress inet -> TcpListener.bind(inet, options);
            case UnixDomainSocketAddress unix -> UnixListener.bind(unix, options);
            default -> throw new UnsupportedAddressTypeException();
        };
        try {
            SocketListener listener = new SocketListener(loop, socket);
            loop.opened(socket.descriptor(), listener::dispose);
            return listener;
        } catch (Throwable t) {
            socket.close();
            throw t;
        }
    }

    @Override
    public SocketAddress localAddress() {
        return listener.localAddress();
    }

    @Override
    public int port() {
        if (localAddress() instanceof InetSocketAddress inet) {
            return inet.getPort();
        }
        throw new UnsupportedOperationException("a path has no port: " + localAddress());
    }

    @Override
    public Flux<Connection> accept() {
        return acceptor.flux(connection -> connection);
    }

    /// As [#accept], for a server.
    Flux<SocketConnection> acceptSockets() {
        return acceptor.flux(connection -> connection);
    }

    @Override
    public void dispose() {
        loop.run(listener::close);
    }

    @Override
    public boolean isDisposed() {
        return !listener.descriptor().isOpen();
    }

    @Override
    public Mono<Void> onClose() {
        return closed.asMono();
    }
}
