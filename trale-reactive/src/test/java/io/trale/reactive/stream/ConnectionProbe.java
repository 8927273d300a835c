package io.trale.reactive.stream;

import io.trale.reactive.Connection;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.BufferGroup;
import java.lang.foreign.MemorySegment;
import reactor.core.publisher.Flux;

/// Access for tests to the internals of a [Connection].
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

    /// False once its descriptor is closed or closing.
    public static boolean isOpen(Connection connection) {
        return socket(connection).descriptor.isOpen();
    }

    /// True once our side is shut down and input is discarded.
    public static boolean isDraining(Connection connection) {
        return socket(connection).closing.isDraining();
    }

    /// From now on, there is no memory for bytes that arrive after a cancel.
    public static void keepNothing(Connection connection) {
        socket(connection).receiver.head = new Unread() {
            @Override
            public void add(MemorySegment buffer, int length) {
                throw new OutOfMemoryError("for late bytes");
            }
        };
    }

    /// As [Connection#receive], but there is no memory for any element.
    public static Flux<String> receiveNothing(Connection connection) {
        return socket(connection).receiver.flux("nothing", () -> new ReceiveMode<String>() {
            @Override
            public String take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) {
                group.give(flags);
                throw new OutOfMemoryError("for an element");
            }

            @Override
            public String take(Unread head, boolean end) {
                throw new AssertionError("nothing is kept");
            }
        });
    }

    /// The number of bytes in its send queue.
    public static long queuedBytes(Connection connection) {
        return socket(connection).sender.queuedBytes();
    }

    /// True if a server logs `failure` of a handler at debug level.
    public static boolean isOrdinary(Connection connection, Throwable failure) {
        return socket(connection).isOwn(failure) && SocketServer.isOrdinary(failure);
    }

    /// True if `failure` is ordinary, given that it is a connection's.
    public static boolean isOrdinary(Throwable failure) {
        return SocketServer.isOrdinary(failure);
    }
}
