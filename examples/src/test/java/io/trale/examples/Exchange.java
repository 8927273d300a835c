package io.trale.examples;

import java.net.Socket;
import java.util.Random;
import java.util.concurrent.FutureTask;

/// Both directions of a connection at once.
final class Exchange {

    private Exchange() {}

    /// `size` bytes that follow from `seed`.
    static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /// Sends `bytes` and ends our side, while all is received that the peer sends, until it ends its own.
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
