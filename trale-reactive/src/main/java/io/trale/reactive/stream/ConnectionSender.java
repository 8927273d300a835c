package io.trale.reactive.stream;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactive.send.StreamSender;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The sending side of a connection.
///
/// The send is told not to wait; when the socket is full, its memory goes back, a poll for writability is armed in its
/// place, and the bytes are copied again when there is room. So a peer that does not read costs heap, up to the window,
/// and nothing else.
final class ConnectionSender extends StreamSender {

    private final SocketConnection connection;
    private long sentBytes;
    private @Nullable IOException brokenBy;

    ConnectionSender(SocketConnection connection) {
        super(connection.loop, connection.descriptor);
        this.connection = connection;
    }

    /// The error by which a send learned that the connection is broken, in both directions; null if none did. The kernel
    /// reports it once, and to a later receive the end of the stream.
    @Nullable IOException brokenBy() {
        return brokenBy;
    }

    @Override
    protected void prepare(Sqe sqe, long address, int lengthBytes) {
        sqe.prepSend(descriptor().fd(), address, lengthBytes, Net.MSG_NOSIGNAL | Net.MSG_DONTWAIT);
    }

    @Override
    protected @Nullable IOException took(int bytes, int asked) {
        sentBytes += bytes;
        if (bytes < asked && !elements.isEmpty()) { // the socket is full
            awaitRoom();
        }
        return null;
    }

    @Override
    protected IOException failed(int errno) {
        IOException failure = Failure.of("send", descriptor().fd(), connection.remoteAddress(), errno);
        if (errno != Errno.EPIPE || !connection.isOutputShutDown()) {
            brokenBy = failure;
        }
        return failure;
    }

    /// How many bytes the kernel has taken.
    long sentBytes() {
        return sentBytes;
    }

    @Override
    protected void flushed() {
        connection.closing.flushed();
    }

    @Override
    protected void broken(Throwable fatal) {
        connection.broken(fatal);
    }

    @Override
    protected String describe() {
        return connection.describe("send");
    }
}
