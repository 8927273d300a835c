package io.trale.reactive;

import io.trale.net.NetOptions;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The options of a server: how it listens, and how it treats connections. Immutable: each method returns a changed copy.
public final class ServeOptions {

    private static final ServeOptions DEFAULTS = new ServeOptions(Long.MAX_VALUE, null, NetOptions.none(),
            NetOptions.none(), Duration.ofSeconds(10), ChronoUnit.FOREVER.getDuration());

    private final long maxConnections;
    private final @Nullable BiConsumer<? super Connection, ? super Throwable> onConnectionError;
    private final NetOptions listenerOptions;
    private final NetOptions connectionOptions;
    private final Duration closeTimeout;
    private final Duration readIdle;

    private ServeOptions(long maxConnections, @Nullable BiConsumer<? super Connection, ? super Throwable> onConnectionError,
            NetOptions listenerOptions, NetOptions connectionOptions, Duration closeTimeout, Duration readIdle) {
        this.maxConnections = maxConnections;
        this.onConnectionError = onConnectionError;
        this.listenerOptions = listenerOptions;
        this.connectionOptions = connectionOptions;
        this.closeTimeout = closeTimeout;
        this.readIdle = readIdle;
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
        return new ServeOptions(count, onConnectionError, listenerOptions, connectionOptions, closeTimeout, readIdle);
    }

    /// Called on the loop, once for each connection whose handler failed, also with a fatal error of the JVM. The connection is
    /// closed by then, see [Connection#handle].
    ///
    /// The default logs a warning, but at debug level if the failure is the connection's own and ordinary on a network:
    /// `ECONNRESET`, `EPIPE`, `ETIMEDOUT`, `EHOSTUNREACH` and the like, an idle peer, or a close on this side. The failure of
    /// another resource, such as a connection that the handler has opened, is not the connection's own.
    public ServeOptions onConnectionError(BiConsumer<? super Connection, ? super Throwable> handler) {
        return new ServeOptions(maxConnections, Objects.requireNonNull(handler), listenerOptions, connectionOptions,
                closeTimeout, readIdle);
    }

    /// Options of the listening socket, set before it is bound, such as `SO_REUSEPORT`. TCP connections inherit them.
    public ServeOptions listenerOptions(NetOptions options) {
        return new ServeOptions(maxConnections, onConnectionError, Objects.requireNonNull(options), connectionOptions,
                closeTimeout, readIdle);
    }

    /// Options of each connection, set before its handler is called. If one cannot be set, the connection has failed.
    public ServeOptions connectionOptions(NetOptions options) {
        return new ServeOptions(maxConnections, onConnectionError, listenerOptions, Objects.requireNonNull(options),
                closeTimeout, readIdle);
    }

    /// The [Connection#closeTimeout] of each connection, 10 seconds by default. A connection counts against [#maxConnections]
    /// until it is closed, also after its handler has ended.
    public ServeOptions closeTimeout(Duration limit) {
        return new ServeOptions(maxConnections, onConnectionError, listenerOptions, connectionOptions,
                Objects.requireNonNull(limit), readIdle);
    }

    /// The [Connection#readIdle] of each connection, which must be positive; no limit by default.
    public ServeOptions readIdle(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("readIdle is " + limit + ", must be positive");
        }
        return new ServeOptions(maxConnections, onConnectionError, listenerOptions, connectionOptions, closeTimeout, limit);
    }

    /// See [#maxConnections(long)].
    public long maxConnections() {
        return maxConnections;
    }

    /// See [#onConnectionError(BiConsumer)]; null for the default.
    public @Nullable BiConsumer<? super Connection, ? super Throwable> onConnectionError() {
        return onConnectionError;
    }

    /// See [#listenerOptions(NetOptions)].
    public NetOptions listenerOptions() {
        return listenerOptions;
    }

    /// See [#connectionOptions(NetOptions)].
    public NetOptions connectionOptions() {
        return connectionOptions;
    }

    /// See [#closeTimeout(Duration)].
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /// See [#readIdle(Duration)]; the longest duration if there is no limit.
    public Duration readIdle() {
        return readIdle;
    }
}
