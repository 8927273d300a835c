package io.trale.reactive;

import io.trale.net.StreamListener;
import io.trale.reactive.loop.Loop;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// A socket that listens, of TCP or at a path. Where every connection is to be served the same way, [Trale#serve] is
/// simpler.
public final class Listener implements Disposable {

    private final Loop loop;
    private final StreamListener<?, ?> listener;
    private final Acceptor acceptor;
    private final Sinks.Empty<Void> closed = Sinks.empty();

    Listener(Trale trale, StreamListener<?, ?> listener) {
        loop = trale.loop;
        this.listener = listener;
        acceptor = new Acceptor(trale, listener.descriptor(), listener.localAddress());
        listener.descriptor().whenClosed(closed::tryEmitEmpty);
    }

    /// The address with the port that was chosen, or the path.
    public SocketAddress localAddress() {
        return listener.localAddress();
    }

    /// The port that was chosen. Throws [UnsupportedOperationException] if this listens at a path.
    public int port() {
        if (localAddress() instanceof InetSocketAddress inet) {
            return inet.getPort();
        }
        throw new UnsupportedOperationException("a path has no port: " + localAddress());
    }

    /// The connections of clients: `request(n)` accepts n of them, all others wait in the kernel's backlog. Whoever
    /// receives a connection has to close it; for those that operators in between discard, end the pipeline with
    /// `doOnDiscard(Connection.class, Connection::abort)`. Completes when the listener is closed. One subscriber at a time.
    public Flux<Connection> accept() {
        return acceptor.flux();
    }

    /// Stops listening. Connections that were accepted go on, and a path that was bound is removed. Idempotent.
    @Override
    public void dispose() {
        loop.run(listener::close);
    }

    @Override
    public boolean isDisposed() {
        return !listener.descriptor().isOpen();
    }

    /// Completes when the socket is closed.
    public Mono<Void> onClose() {
        return closed.asMono();
    }
}
