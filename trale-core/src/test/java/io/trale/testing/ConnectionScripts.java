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

/// Scripts for connections: an echo server, a writer and a reader.
public final class ConnectionScripts {

    private ConnectionScripts() {}

    /// `count` random bytes.
    public static byte[] pattern(SplittableRandom random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Echoes until the end of the stream, then closes it. Ends without an error if the connection breaks.
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
                // the connection is broken
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

    /// Accepts `count` connections, also after failed accepts, and runs an echo on each.
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
                    // such as EMFILE: the connection waits in the backlog
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

    /// Writes all of `bytes`, then shuts down the output.
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

    /// Reads until the end of the stream.
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
