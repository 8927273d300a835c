package io.trale.testing;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// A UDP port of the loopback interface to receive from. When `send` returns, the datagram is in the receive queue.
public final class UdpPort {

    private final int fd;
    private final InetSocketAddress address;

    /// Opens a port; the caller closes the descriptor.
    public UdpPort(Kernel kernel) {
        fd = kernel.socket(Net.AF_INET, Net.SOCK_DGRAM | Net.SOCK_CLOEXEC, 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            int length = SocketAddresses.encode(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), memory);
            MemorySegment lengthMemory = arena.allocateFrom(JAVA_INT, SocketAddresses.MAX_BYTES);
            if (fd < 0 || kernel.bind(fd, memory, length) < 0 || kernel.getsockname(fd, memory, lengthMemory) < 0) {
                throw new AssertionError("cannot open a UDP port");
            }
            address = SocketAddresses.decode(memory);
        }
    }

    /// The descriptor to receive from.
    public int fd() {
        return fd;
    }

    /// Sends one datagram to this port.
    public void send(byte... message) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(message, message.length, address));
        }
    }
}
