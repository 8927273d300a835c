package io.trale.torture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Lists the open descriptors of this process.
final class Descriptors {

    /// Files that the JVM opens at any time and keeps open.
    private static final Pattern JVM = Pattern.compile(".*\\.jar|/dev/.*|/proc/.*|/etc/.*|.*/lib/.*");

    static { // the JDK's first sockets open internal descriptors, which stay open
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel client = SocketChannel.open(server.getLocalAddress()); DatagramChannel datagrams = DatagramChannel.open()) {
            client.shutdownOutput();
            datagrams.bind(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Descriptors() {}

    /// The open descriptors, except those of the JVM itself: number and target.
    static Map<Integer, String> open() throws IOException {
        Map<Integer, String> open = new TreeMap<>();
        Path directory = Path.of("/proc/self/fd");
        List<Path> names;
        try (Stream<Path> list = Files.list(directory)) {
            names = list.toList();
        }
        for (Path name : names) {
            try {
                String target = Files.readSymbolicLink(name).toString();
                if (!JVM.matcher(target).matches()) {
                    open.put(Integer.valueOf(name.getFileName().toString()), target);
                }
            } catch (IOException e) {
                // closed after the listing
            }
        }
        return open;
    }
}
