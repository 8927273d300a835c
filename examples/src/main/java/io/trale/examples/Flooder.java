package io.trale.examples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/// A peer that writes to the first who connects, without a pause and for ever. It has a thread that blocks, and knows
/// nothing of trale.
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
            // by us, or by the other side: it is over
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    /// How many bytes the kernel has taken so far.
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
