package io.trale.examples;

import java.net.Socket;
import java.util.Random;
import java.util.concurrent.FutureTask;

/// Sends and receives on a connection concurrently.
final class Exchange {

    private Exchange() {}

    /// `size` pseudorandom bytes for `seed`.
    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /// Sends `bytes` and half-closes; concurrently receives all bytes until end of stream.
    static byte[] of(Socket socket, byte[] bytes) throws Exception {
        FutureTask<Void> sending = new FutureTask<>(() -> {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            return null;
        });
        Thread.ofPlatform().start(sending);
        byte[] received = socket.getInputStream().readAllBytes();
        sending.get();
        return received;
    }
}
