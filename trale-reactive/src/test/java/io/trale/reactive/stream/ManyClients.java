package io.trale.reactive.stream;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Many connections to a local port, from a process of their own, so that their descriptors and heap do not count as the
/// test's.
final class ManyClients implements AutoCloseable {

    private final Process process;

    /// Starts the process, which connects `count` times to `port`.
    ManyClients(int port, int count) throws IOException {
        process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", Path.of("target", "test-classes").toString(), ManyClients.class.getName(),
                Integer.toString(port), Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /// Sends one byte on every connection.
    void send() throws IOException {
        OutputStream commands = process.getOutputStream();
        commands.write('\n');
        commands.flush();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /// The process: connects, and for each byte of its input sends one byte on each connection.
    public static void main(String[] arguments) throws IOException {
        InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
        List<SocketChannel> connections = new ArrayList<>();
        for (int left = Integer.parseInt(arguments[1]); left > 0; left--) {
            connections.add(SocketChannel.open(server));
        }
        while (System.in.read() >= 0) {
            for (SocketChannel connection : connections) {
                connection.write(ByteBuffer.allocate(1));
            }
        }
    }
}
