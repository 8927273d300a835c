package io.trale.examples;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Reads the state of TCP sockets from `/proc/net/tcp`; see `proc_net_tcp` in the kernel documentation.
final class TcpTable {

    private static final List<Path> FILES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    /// The timer value of a socket that probes a closed window of its peer.
    private static final int ZERO_WINDOW_PROBE = 4;

    private TcpTable() {}

    /// The state of a socket: unacknowledged bytes, unread bytes, and whether the peer's window is closed.
    record Socket(long sendQueueBytes, long receiveQueueBytes, boolean isStopped) {}

    /// The socket at `local` that is connected to `remote`. Compares only the ports.
    static Socket socket(SocketAddress local, SocketAddress remote) throws IOException {
        String localPort = port(local);
        String remotePort = port(remote);
        for (Path file : FILES) {
            for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                String[] fields = line.strip().split("\\s+"); // sl, local, remote, state, tx:rx, timer:when, ...
                if (fields[1].endsWith(localPort) && fields[2].endsWith(remotePort)) {
                    String[] queues = fields[4].split(":");
                    return new Socket(Long.parseLong(queues[0], 16), Long.parseLong(queues[1], 16),
                            Integer.parseInt(fields[5].substring(0, 2), 16) == ZERO_WINDOW_PROBE);
                }
            }
        }
        throw new IOException("no socket from " + local + " to " + remote + " in " + FILES);
    }

    /// The port in the format of the table.
    private static String port(SocketAddress address) {
        return String.format(":%04X", ((InetSocketAddress) address).getPort());
    }
}
