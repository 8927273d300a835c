package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpStream;

/// The echo that the TCP examples run on their connection.
final class ByteEcho {

    private ByteEcho() {}

    /// Echoes single bytes until end of stream. Completes with the number of bytes.
    static Future<Integer> on(TcpStream stream) {
        return async(() -> {
            int bytes = 0;
            try (stream; Buffer buffer = Buffer.allocate(1)) {
                while (await(stream.read(buffer)) > 0) {
                    bytes++;
                    await(stream.write(buffer, 0, 1));
                }
            }
            return bytes;
        });
    }
}
