package io.trale.testing;

import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.yieldNow;

import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.net.StreamSocket;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UnixListener;
import io.trale.net.UnixStream;
import io.trale.task.Executor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Two connected streams, for tests in async blocks.
public record StreamPair(StreamSocket<?> one, StreamSocket<?> other) implements AutoCloseable {

    /// A free port of the loopback interface, for binds.
    public static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /// Connects two TCP streams. In an async block.
    public static StreamPair tcp() throws Exception {
        try (TcpListener listener = TcpListener.bind(LOOPBACK)) {
            List<TcpStream> both = await(join(TcpStream.connect(listener.localAddress()), listener.accept()));
            return new StreamPair(both.get(0), both.get(1));
        }
    }

    /// Connects two Unix streams through `path`. In an async block.
    public static StreamPair unix(Path path) throws Exception {
        try (UnixListener listener = UnixListener.bind(UnixDomainSocketAddress.of(path))) {
            List<UnixStream> both = await(join(UnixStream.connect(listener.localAddress()), listener.accept()));
            return new StreamPair(both.get(0), both.get(1));
        }
    }

    @Override
    public void close() {
        one.close();
        other.close();
    }

    /// Writes from `one` until a write waits for space, and leaves that write pending. For a Unix pair: only a read of the other
    /// side makes space.
    public Filled fill(Slice... slices) throws Exception {
        for (long total = 0;;) {
            boolean[] woken = {false};
            IntFuture write = one.write(slices);
            long submitted = Executor.current().stats().submitted();
            boolean complete = write.poll(() -> woken[0] = true);
            while (!complete && !woken[0] && Executor.current().stats().submitted() < submitted + 2) {
                await(yieldNow());
            }
            if (!complete && !woken[0]) {
                return new Filled(total, write); // the send is over and a poll is in flight
            }
            write.poll(() -> { });
            total += write.resultAsInt();
        }
    }

    /// The bytes written, and the pending write.
    public record Filled(long bytes, IntFuture waiting) {}

    /// Reads `count` bytes from `stream`, or fewer if it ends.
    public static byte[] read(StreamSocket<?> stream, long count) throws IOException {
        byte[] bytes = new byte[(int) count];
        try (Buffer buffer = Buffer.allocate(64 << 10)) {
            for (int position = 0; position < count;) {
                Buffer target = count - position < buffer.capacity() ? Buffer.allocate((int) count - position) : buffer;
                int read = await(stream.read(target));
                if (read == 0) {
                    return Arrays.copyOf(bytes, position);
                }
                MemorySegment.copy(target.segment(), ValueLayout.JAVA_BYTE, 0, bytes, position, read);
                position += read;
                if (target != buffer) {
                    target.close();
                }
            }
        }
        return bytes;
    }

    public static Buffer buffer(byte... bytes) {
        Buffer buffer = Buffer.allocate(bytes.length);
        MemorySegment.copy(bytes, 0, buffer.segment(), ValueLayout.JAVA_BYTE, 0, bytes.length);
        return buffer;
    }
}
