package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.task.Executor;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.function.Function;

/// An echo server on the core alone: one task accepts, and one task runs for each connection.
final class EchoServer {

    static final int BUFFER_BYTES = 64 << 10;

    private EchoServer() {}

    /// Accepts connections for ever; `echo` creates the task of a connection.
    static Future<Void> on(int port, Function<TcpStream, Future<Void>> echo, PrintWriter out) {
        return async(() -> {
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(port))) {
                out.println("listening on port " + listener.localAddress().getPort());
                while (true) {
                    Executor.spawn(echo.apply(await(listener.accept())));
                }
            }
        });
    }

    /// Echoes one connection until end of stream, in straight-line code.
    static Future<Void> echo(TcpStream stream) {
        return async(() -> {
            try (stream; Buffer buffer = Buffer.allocate(BUFFER_BYTES)) {
                int count;
                while ((count = await(stream.read(buffer))) > 0) {
                    await(stream.writeAll(buffer, 0, count));
                }
            } catch (IOException gone) {
                // the peer has reset the connection
            }
            return null;
        });
    }
}
