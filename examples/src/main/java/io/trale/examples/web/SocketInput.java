package io.trale.examples.web;

import static io.trale.task.Async.await;
import static io.trale.task.Async.timeout;

import io.trale.io.Buffer;
import io.trale.net.TcpStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.MessageConstraintException;

/// The data of a client as an [InputStream] for the parser. Use it in an async block: a read that has to wait suspends the
/// block, not the loop thread.
final class SocketInput extends InputStream {

    static final int BYTES = 4 << 10;

    private final TcpStream stream;
    private final Buffer buffer = Buffer.allocate(BYTES);
    private int position;
    private int end;
    /// The number of bytes that the current request may still read.
    private int budget;

    SocketInput(TcpStream stream) {
        this.stream = stream;
    }

    /// Allows `bytes` more bytes. After that, a read throws [MessageConstraintException].
    void allow(int bytes) {
        budget = bytes;
    }

    /// Waits at most `patience` for data. Returns false after that time, and at end of stream.
    boolean hasMore(Duration patience) throws Exception {
        if (position < end) {
            return true;
        }
        try {
            end = await(timeout(stream.read(buffer), patience));
            position = 0;
            return end > 0;
        } catch (TimeoutException e) {
            return false;
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (budget <= 0) {
            throw new MessageConstraintException("the head is too large");
        }
        if (position == end) {
            end = await(stream.read(buffer));
            position = 0;
        }
        if (end == 0) {
            // the parser would treat -1 as the regular end
            throw new ConnectionClosedException("the client closed the connection during a request");
        }
        int count = Math.min(length, end - position);
        MemorySegment.copy(buffer.segment(), ValueLayout.JAVA_BYTE, position, bytes, offset, count);
        position += count;
        budget -= count;
        return count;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        read(one, 0, 1);
        return one[0] & 0xff;
    }

    /// Reads and discards all data until end of stream.
    void drain() throws IOException {
        while (await(stream.read(buffer)) > 0) {
            continue;
        }
    }

    @Override
    public void close() {
        buffer.close();
    }
}
