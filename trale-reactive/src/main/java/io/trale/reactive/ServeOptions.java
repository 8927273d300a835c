package io.trale.reactive;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.net.NetOptions;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import reactor.util.Logger;
import reactor.util.Loggers;

/// How a server listens, and treats its connections. Immutable: each method returns a changed copy.
public final class ServeOptions {

    private static final Logger LOG = Loggers.getLogger("io.trale.reactive");
    private static final ServeOptions DEFAULTS = new ServeOptions(Long.MAX_VALUE, ServeOptions::log, NetOptions.none(),
            NetOptions.none(), Connection.DEFAULT_CLOSE_TIMEOUT, ReadIdle.NONE);

    final long maxConnections;
    final BiConsumer<? super Connection, ? super Throwable> onConnectionError;
    final NetOptions listenerOptions;
    final NetOptions connectionOptions;
    final Duration closeTimeout;
    final Duration readIdle;

    private ServeOptions(long maxConnections, BiConsumer<? super Connection, ? super Throwable> onConnectionError,
            NetOptions listenerOptions, NetOptions connectionOptions, Duration closeTimeout, Duration readIdle) {
        this.maxConnections = maxConnections;
        this.onConnectionError = onConnectionError;
        this.listenerOptions = listenerOptions;
        this.connectionOptions = connectionOptions;
        this.closeTimeout = closeTimeout;
        this.readIdle = readIdle;
    }

    /// No limit on connections but the process's descriptors; errors are logged; sockets as they are by themselves.
    public static ServeOptions defaults() {
        return DEFAULTS;
    }

    /// How many connections may be open at a time, at least 1. The kernel's backlog holds the others: they are not
    /// accepted, so they cost nothing here.
    public ServeOptions maxConnections(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("maxConnections is " + count + ", must be at least 1");
        }
        return new ServeOptions(count, onConnectionError, listenerOptions, connectionOptions, closeTimeout, readIdle);
    }

    /// Called on the loop, once for each connection whose handler failed, also with a fatal error of the JVM; it is closed by
    /// then, see [Connection#handle]. The default logs: at debug level what is ordinary on a network and the
    /// connection's own
    /// (`ECONNRESET`, `EPIPE`, `ETIMEDOUT`, `EHOSTUNREACH` and the like, an idle peer, or an end from this side), everything
    /// else as a warning. The failure of another resource, such as a connection that the handler has opened, is not the
    /// connection's own.
    public ServeOptions onConnectionError(BiConsumer<? super Connection, ? super Throwable> handler) {
        return new ServeOptions(maxConnections, Objects.requireNonNull(handler), listenerOptions, connectionOptions,
                closeTimeout, readIdle);
    }

    /// Set on the listening socket before it is bound, such as `SO_REUSEPORT`. TCP connections inherit them.
    public ServeOptions listenerOptions(NetOptions options) {
        return new ServeOptions(maxConnections, onConnectionError, Objects.requireNonNull(options), connectionOptions,
                closeTimeout, readIdle);
    }

    /// Set on each connection before its handler is called. Where one cannot be set, that connection has failed.
    public ServeOptions connectionOptions(NetOptions options) {
        return new ServeOptions(maxConnections, onConnectionError, listenerOptions, Objects.requireNonNull(options),
                closeTimeout, readIdle);
    }

    /// The [Connection#closeTimeout] of each connection, 10 seconds by default. A connection whose handler has ended keeps
    /// its place in [#maxConnections] until it is closed.
    public ServeOptions closeTimeout(Duration limit) {
        return new ServeOptions(maxConnections, onConnectionError, listenerOptions, connectionOptions,
                Objects.requireNonNull(limit), readIdle);
    }

    /// The [Connection#readIdle] of each connection; without a limit by default. Must be positive.
    public ServeOptions readIdle(Duration limit) {
        ReadIdle.positive(limit);
        return new ServeOptions(maxConnections, onConnectionError, listenerOptions, connectionOptions, closeTimeout, limit);
    }

    private static void log(Connection connection, Throwable failure) {
        if (connection.isOwn(failure) && isOrdinary(failure)) {
            LOG.debug("{}: {}", connection, failure.getMessage());
        } else {
            LOG.warn(connection + ": the handler failed", failure);
        }
    }

    /// True if `failure`, of a connection, is what every server on a network meets.
    static boolean isOrdinary(Throwable failure) {
        return failure instanceof ClosedChannelException || failure instanceof ReadIdleException
                || failure instanceof ErrnoException e && switch (e.errno()) {
            case Errno.ECONNRESET, Errno.EPIPE, Errno.ENOTCONN, Errno.ETIMEDOUT, Errno.ECONNABORTED, Errno.ECONNREFUSED,
                    Errno.EHOSTUNREACH, Errno.EHOSTDOWN, Errno.ENETUNREACH, Errno.ENETDOWN -> true;
            default -> false;
        };
    }
}
