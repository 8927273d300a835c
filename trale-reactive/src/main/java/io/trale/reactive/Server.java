package io.trale.reactive;

import io.trale.linux.SocketAddresses;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.Deadlines;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.Logger;
import reactor.util.Loggers;

/// A server that runs: accepts while fewer than the permitted connections are open, and runs the handler on each.
public final class Server implements Disposable {

    private static final Logger LOG = Loggers.getLogger("io.trale.reactive");

    private final Trale trale;
    private final Listener listener;
    private final Function<? super Connection, ? extends Publisher<Void>> handler;
    private final ServeOptions options;

    /// For the loop alone.
    private final Set<Connection> open = new LinkedHashSet<>();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private boolean accepting = true;
    private @Nullable Subscription connections;

    Server(Trale trale, Listener listener, Function<? super Connection, ? extends Publisher<Void>> handler,
            ServeOptions options) {
        this.trale = trale;
        this.listener = listener;
        this.handler = handler;
        this.options = options;
        listener.accept().subscribe(new Connections());
    }

    /// The address with the port that was chosen, or the path.
    public SocketAddress localAddress() {
        return listener.localAddress();
    }

    /// The port that was chosen. Throws [UnsupportedOperationException] if this listens at a path.
    public int port() {
        return listener.port();
    }

    /// Completes when the server has stopped and its last connection is closed.
    public Mono<Void> onClose() {
        return closed.asMono();
    }

    /// Stops: no connection is accepted any more, those that are open are aborted. One that has flushed everything and only
    /// waits for the peer's end is closed without a reset. Idempotent.
    @Override
    public void dispose() {
        trale.loop.run(() -> {
            listener.dispose();
            List.copyOf(open).forEach(Connection::end);
        });
    }

    /// Stops in good order: no connection is accepted any more, and to the open ones the peer seems to have ended its
    /// side, once they have received what is there already; so handlers that read to the end come to theirs, and what
    /// they send is flushed. What is still open after `grace` is aborted. Completes when nothing is.
    public Mono<Void> disposeGracefully(Duration grace) {
        return onClose()
                .doOnSubscribe(s -> trale.loop.run(() -> {
                    listener.dispose();
                    List.copyOf(open).forEach(connection -> connection.receiver.endInput());
                }))
                .timeout(Deadlines.bounded(grace), Mono.defer(() -> {
                    dispose();
                    return onClose();
                }), trale.scheduler());
    }

    /// As [#disposeGracefully], and waits, but not in a shutdown hook if the loop thread has called [System#exit]. Not on
    /// the loop.
    public void disposeNow(Duration grace) {
        disposeGracefully(grace).takeUntilOther(trale.loop.exit()).block();
    }

    @Override
    public boolean isDisposed() {
        return listener.isDisposed();
    }

    private void serve(Connection connection) {
        open.add(connection.closeTimeout(options.closeTimeout).readIdle(options.readIdle));
        Serving serving = new Serving(connection);
        try {
            connection.handle(this::handle).subscribe(serving);
        } catch (Throwable t) { // one that even the assembly did not survive
            connection.abort();
            serving.onError(t);
        }
        connection.descriptor.whenClosed(() -> served(connection)); // the handler itself may never end
    }

    private Publisher<Void> handle(Connection connection) {
        try {
            options.connectionOptions.applyTo(connection.descriptor);
        } catch (IOException e) {
            return Mono.error(e);
        }
        return handler.apply(connection);
    }

    /// The connection is closed, by its handler's end or in the midst of it.
    private void served(Connection connection) {
        open.remove(connection);
        Subscription connections = this.connections;
        if (connections != null && options.maxConnections != Long.MAX_VALUE) {
            connections.request(1);
        }
        endWhenIdle();
    }

    private void endWhenIdle() {
        if (!accepting && open.isEmpty()) {
            closed.tryEmitEmpty();
        }
    }

    /// The subscriber of the listener: its demand is the connections that may still be opened.
    private final class Connections implements CoreSubscriber<Connection> {

        @Override
        public void onSubscribe(Subscription subscription) {
            connections = subscription;
            subscription.request(options.maxConnections);
        }

        @Override
        public void onNext(Connection connection) {
            serve(connection);
        }

        @Override
        public void onError(Throwable failure) {
            LOG.error("stopped accepting on " + SocketAddresses.format(localAddress()), failure);
            listener.dispose();
            onComplete();
        }

        @Override
        public void onComplete() {
            accepting = false;
            endWhenIdle();
        }
    }

    /// The subscriber of one connection's handler.
    private final class Serving implements CoreSubscriber<Void> {

        private final Connection connection;

        Serving(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Void nothing) {}

        @Override
        public void onError(Throwable failure) {
            trale.loop.run(() -> {
                try {
                    options.onConnectionError.accept(connection, failure);
                } catch (Throwable t) {
                    Loop.threw(t, currentContext(), trale.loop::uncaught);
                }
            });
        }

        @Override
        public void onComplete() {}
    }
}
