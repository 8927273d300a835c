package io.trale.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Scripts of what people do with connections.
public final class ConnectionScripts {

    private ConnectionScripts() {}

    /// `count` bytes that no two places in have in common for long.
    public static byte[] pattern(SplittableRandom random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Sends back what comes, until the end; then closes. Ends early, and quietly, if the connection breaks.
    public static final class Echo extends Script {

        private final TcpStream stream;
        private final Buffer buffer;
        private boolean reading;

        public Echo(TcpStream stream, int bufferBytes) {
            this.stream = stream;
            buffer = Buffer.allocate(bufferBytes);
        }

        @Override
        protected Future<?> next(Future<?> last) {
            try {
                int count = last == null ? 0 : (Integer) last.result();
                reading = !reading;
                if (reading) {
                    return stream.read(buffer);
                }
                if (count > 0) {
                    return stream.writeAll(buffer, 0, count);
                }
            } catch (Exception e) {
                // the peer is gone
            }
            stream.close();
            buffer.close();
            return null;
        }

        @Override
        public void cancel() {
            super.cancel();
            stream.close();
            buffer.close();
        }
    }

    /// Accepts `count` connections, however often accepting fails, and runs an echo on each.
    public static final class EchoServer extends Script {

        private final TcpListener listener;
        private final int bufferBytes;
        private final List<JoinHandle<Void>> echoes = new ArrayList<>();
        private int count;

        public EchoServer(TcpListener listener, int count, int bufferBytes) {
            this.listener = listener;
            this.count = count;
            this.bufferBytes = bufferBytes;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (count > 0 && last != null) {
                try {
                    TcpStream stream = (TcpStream) last.result();
                    echoes.add(Executor.spawn(new Echo(stream, bufferBytes)));
                    count--;
                } catch (IOException e) {
                    // EMFILE and the like: the connection waits
                }
            }
            if (count > 0) {
                return listener.accept();
            }
            listener.close();
            return echoes.isEmpty() ? null : echoes.removeLast();
        }

        @Override
        public void cancel() {
            super.cancel();
            listener.close();
        }
    }

    /// Writes all of `bytes`, and ends that side.
    public static final class Writer extends Script {

        private final TcpStream stream;
        private final Buffer buffer;
        private final byte[] bytes;
        private int position;

        public Writer(TcpStream stream, byte[] bytes, int bufferBytes) {
            this.stream = stream;
            this.bytes = bytes;
            buffer = Buffer.allocate(bufferBytes);
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null) {
                position += (Integer) last.result();
            }
            int count = Math.min(buffer.capacity(), bytes.length - position);
            if (count == 0) {
                stream.shutdownOutput();
                buffer.close();
                return null;
            }
            MemorySegment.copy(bytes, position, buffer.segment(), JAVA_BYTE, 0, count);
            return stream.write(buffer, 0, count);
        }

        @Override
        public void cancel() {
            super.cancel();
            buffer.close();
        }
    }

    /// Reads to the end.
    public static final class Reader extends Script {

        public final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final TcpStream stream;
        private final Buffer buffer;

        public Reader(TcpStream stream, int bufferBytes) {
            this.stream = stream;
            buffer = Buffer.allocate(bufferBytes);
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            int count = last == null ? -1 : (Integer) last.result();
            if (count == 0) {
                buffer.close();
                return null;
            }
            if (count > 0) {
                bytes.write(buffer.segment().asSlice(0, count).toArray(JAVA_BYTE), 0, count);
            }
            return stream.read(buffer);
        }

        @Override
        public void cancel() {
            super.cancel();
            buffer.close();
        }
    }
}
