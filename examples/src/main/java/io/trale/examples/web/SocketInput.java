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

/// What a client sends, as the stream that a parser expects. For an async block: where a thread would block, the block is
/// suspended, and the parser does not notice.
final class SocketInput extends InputStream {

    static final int BYTES = 4 << 10;

    private final TcpStream stream;
    private final Buffer buffer = Buffer.allocate(BYTES);
    private int position;
    private int end;
    /// How much the present request may still take.
    private int budget;

    SocketInput(TcpStream stream) {
        this.stream = stream;
    }

    /// Once `bytes` are read, and what came with the last of them, there are no more to be had.
    void allow(int bytes) {
        budget = bytes;
    }

    /// Waits until there is something to read; returns false if that takes longer than `patience`, or never comes.
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
            // a parser would take it for the end
            throw new ConnectionClosedException("the client hung up in the middle of a request");
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

    /// Reads to the end, for nothing.
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
