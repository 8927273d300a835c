package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.future.ErrnoException;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/// The system calls on sockets that never wait, with their arguments put into memory for the call.
public final class Sockets {

    private Sockets() {}

    /// A new socket of the family that `address` needs. It blocks as far as the kernel knows, which for io_uring means:
    /// wait, do not answer `EAGAIN`.
    public static Descriptor open(Reactor reactor, InetSocketAddress address, int type) throws ErrnoException {
        int fd = reactor.kernel().socket(SocketAddresses.family(address), type | Net.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Failure.of("socket", -fd);
        }
        return new Descriptor(reactor, fd);
    }

    /// Returns 0 or `-errno`.
    public static int setOption(Descriptor socket, int level, int name, int value) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(JAVA_INT);
            memory.set(JAVA_INT, 0, value);
            return socket.reactor().kernel().setsockopt(socket.fd(), level, name, memory, Integer.BYTES);
        }
    }

    /// Returns 0 or `-errno`.
    public static int bind(Descriptor socket, InetSocketAddress address) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(SocketAddresses.MAX_BYTES, 8);
            int length = SocketAddresses.encode(address, memory);
            return socket.reactor().kernel().bind(socket.fd(), memory, length);
        }
    }

    /// The address that the socket has on this side.
    public static InetSocketAddress localAddress(Descriptor socket) throws ErrnoException {
        Kernel kernel = socket.reactor().kernel();
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(SocketAddresses.MAX_BYTES, 8);
            MemorySegment length = call.allocate(JAVA_INT);
            length.set(JAVA_INT, 0, SocketAddresses.MAX_BYTES);
            int result = kernel.getsockname(socket.fd(), memory, length);
            if (result < 0) {
                throw Failure.of("getsockname", -result);
            }
            return SocketAddresses.decode(memory);
        }
    }

    /// Sets what a connection has by default: `TCP_NODELAY`. Best effort, since the peer may have gone already.
    public static void prepareStream(Descriptor socket) {
        setOption(socket, Net.IPPROTO_TCP, Net.TCP_NODELAY, 1);
    }

    /// Makes the close of `socket` abort the connection: the peer is reset, and what was not sent yet is dropped.
    public static void resetOnClose(Descriptor socket) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment linger = call.allocate(8); // struct linger: on, seconds
            linger.set(JAVA_INT, 0, 1);
            socket.reactor().kernel().setsockopt(socket.fd(), Net.SOL_SOCKET, Net.SO_LINGER, linger, 8);
        }
    }

    /// Throws [IllegalArgumentException] if the host name of `address` was not found.
    public static InetSocketAddress resolved(InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("unknown host " + address.getHostString());
        }
        return address;
    }
}
