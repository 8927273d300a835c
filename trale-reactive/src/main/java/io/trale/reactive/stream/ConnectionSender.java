package io.trale.reactive.stream;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactive.send.StreamSender;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The sending side of a connection: `send(2)` with `MSG_DONTWAIT`.
final class ConnectionSender extends StreamSender {

    private final SocketConnection connection;
    private long sentBytes;
    private @Nullable IOException brokenBy;

    ConnectionSender(SocketConnection connection) {
        super(connection.loop, connection.descriptor);
        this.connection = connection;
    }

    /// The error of a send that shows that the connection is broken in both directions; null if there was none. The kernel
    /// reports the error once; a later receive gets the end of the stream instead.
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
        connection.receiver.outputTaken();
        if (bytes < asked && hasOutput()) { // the socket is full
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

    /// How many bytes the kernel has taken in all.
    long sentBytes() {
        return sentBytes;
    }

    @Override
    protected void flushed() {
        if (!endRecords()) { // else this is called again
            connection.closing.flushed();
        }
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
