package io.trale.examples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/// A peer that writes to its first client without a pause, for ever. It uses a blocking socket and its own thread, not
/// trale.
final class Flooder implements AutoCloseable {

    private static final int CHUNK_BYTES = 16 << 10;

    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final AtomicLong written = new AtomicLong();
    private volatile Socket socket;

    Flooder() throws IOException {
        Thread.ofPlatform().daemon().name("flooder").start(this::write);
    }

    private void write() {
        try (Socket accepted = listener.accept()) {
            socket = accepted;
            byte[] chunk = new byte[CHUNK_BYTES];
            while (true) {
                accepted.getOutputStream().write(chunk);
                written.addAndGet(CHUNK_BYTES);
            }
        } catch (IOException closed) {
            // closed by close() or by the client
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    /// The number of bytes that the kernel has accepted so far.
    long written() {
        return written.get();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        if (socket != null) {
            socket.close();
        }
    }
}
