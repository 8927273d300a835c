package io.trale.reactive.stream;

import io.trale.reactive.Connection;
import io.trale.reactive.loop.Loop;

/// What tests read of the inside of a [Connection].
public final class ConnectionProbe {

    private ConnectionProbe() {}

    private static SocketConnection socket(Connection connection) {
        return (SocketConnection) connection;
    }

    /// Its loop.
    public static Loop loop(Connection connection) {
        return socket(connection).loop;
    }

    /// The number of its descriptor.
    public static int fd(Connection connection) {
        return socket(connection).descriptor.fd();
    }

    /// False once its descriptor is closed, or is being closed.
    public static boolean isOpen(Connection connection) {
        return socket(connection).descriptor.isOpen();
    }

    /// True once its side has ended, and input is dropped.
    public static boolean isDraining(Connection connection) {
        return socket(connection).closing.isDraining();
    }

    /// How many bytes its sends have in the queue.
    public static long queuedBytes(Connection connection) {
        return socket(connection).sender.queuedBytes();
    }

    /// True if a server logs `failure` of a handler at debug level.
    public static boolean isOrdinary(Connection connection, Throwable failure) {
        return socket(connection).isOwn(failure) && SocketServer.isOrdinary(failure);
    }

    /// True if `failure` is ordinary, if it is that of a connection.
    public static boolean isOrdinary(Throwable failure) {
        return SocketServer.isOrdinary(failure);
    }
}
