package io.trale.reactive;

import io.trale.net.NetOptions;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The options of a server: how it listens, and how it treats connections. Immutable: each method returns a changed copy.
public final class ServeOptions {

    private static final ServeOptions DEFAULTS = new ServeOptions(new Values());

    /// Never changed once an object has them; final there, so that every thread sees them.
    private static final class Values implements Cloneable {

        long maxConnections = Long.MAX_VALUE;
        @Nullable BiConsumer<? super Connection, ? super Throwable> onConnectionError;
        NetOptions listenerOptions = NetOptions.none();
        NetOptions connectionOptions = NetOptions.none();
        Duration closeTimeout = Duration.ofSeconds(10);
        Duration readIdle = ChronoUnit.FOREVER.getDuration();
        @Nullable TlsOptions tls;

        Values changed(Consumer<Values> change) {
            try {
                Values copy = (Values) clone();
                change.accept(copy);
                return copy;
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Values values;

    private ServeOptions(Values values) {
        this.values = values;
    }

    private ServeOptions changed(Consumer<Values> change) {
        return new ServeOptions(values.changed(change));
    }

    /// The defaults: no limit of connections, errors are logged, sockets keep their default options.
    public static ServeOptions defaults() {
        return DEFAULTS;
    }

    /// The largest number of open connections, at least 1. Further connections wait in the kernel's listen backlog, not
    /// accepted.
    public ServeOptions maxConnections(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("maxConnections is " + count + ", must be at least 1");
        }
        return changed(copy -> copy.maxConnections = count);
    }

    /// Called on the loop, once for each connection whose handler failed, also with a fatal error of the JVM. The connection is
    /// closed by then, see [Connection#handle].
    ///
    /// The default logs a warning, but at debug level if the failure is the connection's own and ordinary on a network:
    /// `ECONNRESET`, `EPIPE`, `ETIMEDOUT`, `EHOSTUNREACH` and the like, an idle peer, or a close on this side. The failure of
    /// another resource, such as a connection that the handler has opened, is not the connection's own.
    public ServeOptions onConnectionError(BiConsumer<? super Connection, ? super Throwable> handler) {
        Objects.requireNonNull(handler);
        return changed(copy -> copy.onConnectionError = handler);
    }

    /// Options of the listening socket, set before it is bound, such as `SO_REUSEPORT`. TCP connections inherit them.
    public ServeOptions listenerOptions(NetOptions options) {
        Objects.requireNonNull(options);
        return changed(copy -> copy.listenerOptions = options);
    }

    /// Options of each connection, set before its handler is called. If one cannot be set, the connection has failed.
    public ServeOptions connectionOptions(NetOptions options) {
        Objects.requireNonNull(options);
        return changed(copy -> copy.connectionOptions = options);
    }

    /// The [Connection#closeTimeout] of each connection, 10 seconds by default. A connection counts against [#maxConnections]
    /// until it is closed, also after its handler has ended.
    public ServeOptions closeTimeout(Duration limit) {
        Objects.requireNonNull(limit);
        return changed(copy -> copy.closeTimeout = limit);
    }

    /// The [Connection#readIdle] of each connection, which must be positive; no limit by default.
    public ServeOptions readIdle(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("readIdle is " + limit + ", must be positive");
        }
        return changed(copy -> copy.readIdle = limit);
    }

    /// Encrypts each connection: its handler is called when the TLS handshake has ended. A handshake that fails, or takes longer
    /// than [TlsOptions#handshakeTimeout], is a failure of the connection. Until then it has a place in [#maxConnections].
    public ServeOptions tls(TlsOptions options) {
        Objects.requireNonNull(options);
        return changed(copy -> copy.tls = options);
    }

    /// See [#maxConnections(long)].
    public long maxConnections() {
        return values.maxConnections;
    }

    /// See [#onConnectionError(BiConsumer)]; null for the default.
    public @Nullable BiConsumer<? super Connection, ? super Throwable> onConnectionError() {
        return values.onConnectionError;
    }

    /// See [#listenerOptions(NetOptions)].
    public NetOptions listenerOptions() {
        return values.listenerOptions;
    }

    /// See [#connectionOptions(NetOptions)].
    public NetOptions connectionOptions() {
        return values.connectionOptions;
    }

    /// See [#closeTimeout(Duration)].
    public Duration closeTimeout() {
        return values.closeTimeout;
    }

    /// See [#readIdle(Duration)]; the longest duration if there is no limit.
    public Duration readIdle() {
        return values.readIdle;
    }

    /// See [#tls(TlsOptions)]; null without TLS.
    public @Nullable TlsOptions tls() {
        return values.tls;
    }
}
