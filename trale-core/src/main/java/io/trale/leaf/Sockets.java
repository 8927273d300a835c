package io.trale.leaf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.NetOption;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;

/// The socket calls that never block, and that therefore do not need the ring. On a socket that is closed or closing they fail
/// with `EBADF`, since its number may already belong to another file.
public final class Sockets {

    private static final int GROUP_REQUEST_BYTES = 8 + SocketAddresses.MAX_BYTES;

    // struct tcp_info, up to the field that is read
    private static final int TCPI_BYTES_ACKED = 120;
    private static final int TCP_INFO_BYTES = TCPI_BYTES_ACKED + Long.BYTES;

    private Sockets() {}

    /// Opens a socket of the family of `address`. It is a blocking socket, so that io_uring waits instead of failing with `EAGAIN`.
    public static Descriptor open(Reactor reactor, SocketAddress address, int type) throws ErrnoException {
        return new Descriptor(reactor, Failure.check("socket",
                reactor.kernel().socket(SocketAddresses.family(address), type | Net.SOCK_CLOEXEC, 0)));
    }

    /// Returns 0 or `-errno`.
    public static int bind(Descriptor socket, SocketAddress address) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(SocketAddresses.MAX_BYTES, 8);
            int length = SocketAddresses.encode(address, memory);
            return socket.reactor().kernel().bind(socket.fd(), memory, length);
        }
    }

    /// The local address of `socket`; see `getsockname(2)`.
    public static SocketAddress localAddress(Descriptor socket) throws ErrnoException {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(SocketAddresses.MAX_BYTES, 8);
            MemorySegment length = call.allocateFrom(JAVA_INT, SocketAddresses.MAX_BYTES);
            Failure.check("getsockname", socket.isOpen()
                    ? socket.reactor().kernel().getsockname(socket.fd(), memory, length) : -Errno.EBADF);
            return SocketAddresses.decode(memory, length.get(JAVA_INT, 0));
        }
    }

    // ---- options

    /// See `setsockopt(2)`. Throws [UnsupportedOperationException] for an option that [NetOption] does not have.
    public static <T> void setOption(Descriptor socket, SocketOption<T> option, T value) throws ErrnoException {
        NetOption known = NetOption.of(option);
        if (known == NetOption.SO_LINGER) {
            socket.lingers();
        }
        int result;
        if (known.hasInet6() && isInet6(socket)) {
            result = set(socket, known, value, true);
            set(socket, known, value, false); // it may send over IPv4 too; if not, this fails without effect
        } else {
            result = set(socket, known, value, false);
        }
        Failure.check("setsockopt", describe(socket, option), result);
    }

    private static int set(Descriptor socket, NetOption option, Object value, boolean inet6) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(NetOption.MAX_BYTES, 4);
            int length = option.encode(value, inet6, memory);
            return set(socket, option.level(inet6), option.number(inet6), memory, length);
        }
    }

    /// Sets an `int` option that is not in [NetOption]. Returns 0 or `-errno`.
    public static int setOption(Descriptor socket, int level, int number, int value) {
        try (Arena call = Arena.ofConfined()) {
            return set(socket, level, number, call.allocateFrom(JAVA_INT, value), Integer.BYTES);
        }
    }

    private static int set(Descriptor socket, int level, int number, MemorySegment value, int length) {
        return socket.isOpen() ? socket.reactor().kernel().setsockopt(socket.fd(), level, number, value, length)
                : -Errno.EBADF;
    }

    /// See `getsockopt(2)`. Throws [UnsupportedOperationException] for an option that [NetOption] does not have, or that cannot be
    /// read.
    public static <T> T option(Descriptor socket, SocketOption<T> option) throws ErrnoException {
        NetOption known = NetOption.of(option);
        boolean inet6 = known.hasInet6() && isInet6(socket);
        try (Arena call = Arena.ofConfined()) {
            MemorySegment memory = call.allocate(NetOption.MAX_BYTES, 4);
            Failure.check("getsockopt", describe(socket, option), get(socket, known.level(inet6), known.number(inet6), memory));
            return option.type().cast(known.decode(memory));
        }
    }

    private static int get(Descriptor socket, int level, int number, MemorySegment value) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment length = call.allocateFrom(JAVA_INT, (int) value.byteSize());
            return socket.isOpen() ? socket.reactor().kernel().getsockopt(socket.fd(), level, number, value, length)
                    : -Errno.EBADF;
        }
    }

    /// How many bytes the peer of a TCP connection has acknowledged, or 0 if the kernel does not report it. See `tcp(7)`,
    /// `TCP_INFO`.
    public static long acknowledgedBytes(Descriptor socket) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment info = call.allocate(TCP_INFO_BYTES, 8); // zeroed; an old kernel fills in less
            get(socket, Net.IPPROTO_TCP, Net.TCP_INFO, info);
            return info.get(JAVA_LONG, TCPI_BYTES_ACKED);
        }
    }

    private static boolean isInet6(Descriptor socket) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment domain = call.allocate(JAVA_INT);
            return get(socket, Net.SOL_SOCKET, Net.SO_DOMAIN, domain) == 0 && domain.get(JAVA_INT, 0) == Net.AF_INET6;
        }
    }

    private static String describe(Descriptor socket, SocketOption<?> option) {
        return "fd=" + socket.fd() + ", " + option.name();
    }

    /// Has the socket receive what is sent to `group` by way of `network`, or no longer. See `ip(7)`.
    public static void membership(Descriptor socket, boolean join, InetAddress group, NetworkInterface network)
            throws ErrnoException {
        InetSocketAddress address = new InetSocketAddress(group, 0);
        int level = SocketAddresses.family(address) == Net.AF_INET6 ? Net.IPPROTO_IPV6 : Net.IPPROTO_IP;
        try (Arena call = Arena.ofConfined()) {
            MemorySegment request = call.allocate(GROUP_REQUEST_BYTES, 8); // struct group_req: the interface, the group
            request.set(JAVA_INT, 0, network.getIndex());
            SocketAddresses.encode(address, request.asSlice(8));
            Failure.check(join ? "join" : "leave", group.getHostAddress() + "%" + network.getName(), set(socket, level,
                    join ? Net.MCAST_JOIN_GROUP : Net.MCAST_LEAVE_GROUP, request, GROUP_REQUEST_BYTES));
        }
    }

    /// Makes the close of `socket` abort the connection: the peer gets a reset, and unsent data is discarded.
    public static void resetOnClose(Descriptor socket) {
        set(socket, NetOption.SO_LINGER, 0, false);
    }
}
