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

/// A web server on executors of its own, and what a raw client needs.
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

    /// The next line that the server prints for its operator.
    String nextError() throws InterruptedException {
        return errors.take();
    }

    /// The lines that it has printed and nobody asked for.
    List<String> errors() {
        return List.copyOf(errors);
    }

    Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /// Sends `request` and returns what comes back, up to the end.
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
