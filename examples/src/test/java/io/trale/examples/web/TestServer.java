package io.trale.examples.web;

import static io.trale.task.Async.async;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.trale.examples.Root;
import io.trale.net.TcpListener;
import io.trale.task.Executor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// A web server on its own executors, and helpers for raw clients.
final class TestServer implements AutoCloseable {

    private final Executor loop;
    private final Executor lookups;
    private final BlockingQueue<String> errors = new LinkedBlockingQueue<>();
    private final int port;

    TestServer(Path directory, Limits limits) throws Exception {
        Site site = new Site(new Root(directory));
        loop = Executor.start("web");
        lookups = Executor.start("lookups");
        port = loop.submit(async(() -> {
            TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Executor.spawn(new HttpServer(listener, site, lookups, limits, line -> {}, errors::add).serve());
            return listener.localAddress().getPort();
        })).join();
    }

    int port() {
        return port;
    }

    /// The next error line of the server.
    String nextError() throws InterruptedException {
        return errors.take();
    }

    /// The error lines that were not yet returned.
    List<String> errors() {
        return List.copyOf(errors);
    }

    Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /// Sends `request` and returns all bytes until end of stream.
    String talk(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            return rest(socket);
        }
    }

    static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    @Override
    public void close() {
        loop.close();
        lookups.close();
    }
}
