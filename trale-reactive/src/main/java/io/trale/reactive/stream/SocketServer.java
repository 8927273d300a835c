package io.trale.reactive.stream;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Connection;
import io.trale.reactive.ReadIdleException;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.TlsOptions;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.scheduler.TraleScheduler;
import io.trale.reactor.Deadlines;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.Logger;
import reactor.util.Loggers;
import reactor.util.context.Context;

/// A [Server]: the subscriber of a listener, whose demand is the number of connections that may still be opened.
public final class SocketServer implements Server {

    private static final Logger LOG = Loggers.getLogger("io.trale.reactive");

    private final Loop loop;
    private final SocketListener listener;
    private final Function<? super Connection, ? extends Publisher<Void>> handler;
    private final ServeOptions options;

    /// For the loop alone.
    private final Set<SocketConnection> open = new LinkedHashSet<>();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private boolean accepting = true;
    private @Nullable Subscription connections;

    public SocketServer(Loop loop, SocketListener listener, Function<? super Connection, ? extends Publisher<Void>> handler,
            ServeOptions options) {
        this.loop = loop;
        this.listener = listener;
        this.handler = handler;
        this.options = options;
        listener.acceptSockets().subscribe(new Connections());
    }

    @Override
    public SocketAddress localAddress() {
        return listener.localAddress();
    }

    @Override
    public int port() {
        return listener.port();
    }

    @Override
    public Mono<Void> onClose() {
        return closed.asMono();
    }

    @Override
    public void dispose() {
        loop.run(() -> {
            listener.dispose();
            List.copyOf(open).forEach(SocketConnection::end);
        });
    }

    @Override
    public Mono<Void> disposeGracefully(Duration grace) {
        return onClose()
                .doOnSubscribe(s -> loop.run(() -> {
                    listener.dispose();
                    List.copyOf(open).forEach(connection -> connection.receiver.endInput());
                }))
                .timeout(Deadlines.bounded(grace), Mono.defer(() -> {
                    dispose();
                    return onClose();
                }), new TraleScheduler(loop));
    }

    @Override
    public void disposeNow(Duration grace) {
        disposeGracefully(grace).takeUntilOther(loop.exit()).block();
    }

    @Override
    public boolean isDisposed() {
        return listener.isDisposed();
    }

    private void serve(SocketConnection connection) {
        open.add(connection);
        connection.closeTimeout(options.closeTimeout()).readIdle(options.readIdle());
        try {
            connection.handle(self -> handle(connection)).subscribe(null, failure -> failed(connection, failure));
        } catch (Throwable t) { // a fatal error at assembly
            connection.abort();
            failed(connection, t);
        }
        connection.descriptor.whenClosed(() -> served(connection)); // the handler may never end
    }

    private Publisher<Void> handle(SocketConnection connection) {
        try {
            options.connectionOptions().applyTo(connection.descriptor);
        } catch (IOException e) {
            return Mono.error(e);
        }
        TlsOptions tls = options.tls();
        return tls == null ? handler.apply(connection)
                : connection.startTls(tls).then(Mono.defer(() -> Mono.from(handler.apply(connection))));
    }

    /// The handler has failed, on any thread.
    private void failed(SocketConnection connection, Throwable failure) {
        loop.run(() -> {
            try {
                report(connection, failure);
            } catch (Throwable t) {
                Loop.threw(t, Context.empty(), loop::uncaught);
            }
        });
    }

    private void report(SocketConnection connection, Throwable failure) {
        BiConsumer<? super Connection, ? super Throwable> handler = options.onConnectionError();
        if (handler != null) {
            handler.accept(connection, failure);
        } else if (connection.isOwn(failure) && isOrdinary(failure)) {
            LOG.debug("{}: {}", connection, failure.getMessage());
        } else {
            LOG.warn(connection + ": the handler failed", failure);
        }
    }

    /// The connection is closed, after its handler or while it runs.
    private void served(SocketConnection connection) {
        open.remove(connection);
        Subscription connections = this.connections;
        if (connections != null && options.maxConnections() != Long.MAX_VALUE) {
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
    private final class Connections implements CoreSubscriber<SocketConnection> {

        @Override
        public void onSubscribe(Subscription subscription) {
            connections = subscription;
            subscription.request(options.maxConnections());
        }

        @Override
        public void onNext(SocketConnection connection) {
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

    /// True if `failure`, of a connection, is ordinary for every server on a network.
    static boolean isOrdinary(Throwable failure) {
        return failure instanceof ClosedChannelException || failure instanceof ReadIdleException || failure instanceof SSLException
                || failure instanceof ErrnoException e && switch (e.errno()) {
            case Errno.ECONNRESET, Errno.EPIPE, Errno.ENOTCONN, Errno.ETIMEDOUT, Errno.ECONNABORTED, Errno.ECONNREFUSED,
                    Errno.EHOSTUNREACH, Errno.EHOSTDOWN, Errno.ENETUNREACH, Errno.ENETDOWN -> true;
            default -> false;
        };
    }
}
