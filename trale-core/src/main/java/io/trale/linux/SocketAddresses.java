package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/// `struct sockaddr_in` and `sockaddr_in6` (`ip(7)`, `ipv6(7)`) to and from [InetSocketAddress], scope included.
public final class SocketAddresses {

    /// The size of `struct sockaddr_storage`, in bytes: room for any address.
    public static final int MAX_BYTES = 128;

    private static final int INET_BYTES = 16;
    private static final int INET6_BYTES = 28;
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketAddresses() {}

    /// `AF_INET` or `AF_INET6`, whichever `address` needs.
    public static int family(InetSocketAddress address) {
        return address.getAddress() instanceof Inet6Address ? Net.AF_INET6 : Net.AF_INET;
    }

    /// Writes `address`, which must be resolved, at the start of `target`; returns its length in bytes.
    public static int encode(InetSocketAddress address, MemorySegment target) {
        byte[] ip = address.getAddress().getAddress();
        target.set(JAVA_SHORT, 0, (short) family(address));
        target.set(PORT, 2, (short) address.getPort());
        if (address.getAddress() instanceof Inet6Address six) {
            target.set(JAVA_INT, 4, 0); // flow information
            MemorySegment.copy(ip, 0, target, JAVA_BYTE, 8, 16);
            target.set(JAVA_INT, 24, six.getScopeId());
            return INET6_BYTES;
        }
        MemorySegment.copy(ip, 0, target, JAVA_BYTE, 4, 4);
        target.asSlice(8, 8).fill((byte) 0);
        return INET_BYTES;
    }

    /// Reads an address that the kernel wrote at the start of `source`.
    public static InetSocketAddress decode(MemorySegment source) {
        int family = source.get(JAVA_SHORT, 0);
        int port = source.get(PORT, 2) & 0xffff;
        try {
            return switch (family) {
                case Net.AF_INET -> new InetSocketAddress(InetAddress.getByAddress(bytes(source, 4, 4)), port);
                case Net.AF_INET6 -> new InetSocketAddress(inet6(bytes(source, 8, 16), source.get(JAVA_INT, 24)), port);
                default -> throw new IllegalArgumentException("address family " + family);
            };
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of 4 or 16 bytes", e);
        }
    }

    /// `address` as people write it: `127.0.0.1:80`, `[::1]:80`, `*:80`.
    public static String format(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            return address.getHostString() + ":" + address.getPort();
        }
        String host = ip.isAnyLocalAddress() ? "*" : ip.getHostAddress();
        if (ip instanceof Inet6Address && !ip.isAnyLocalAddress()) {
            host = "[" + host.replaceFirst("(^|:)(0(:|$)){2,}", "::") + "]";
        }
        return host + ":" + address.getPort();
    }

    /// A scope of 0 means none; an IPv4-mapped address becomes the IPv4 address that it is.
    private static InetAddress inet6(byte[] ip, int scope) throws UnknownHostException {
        return scope == 0 ? InetAddress.getByAddress(ip) : Inet6Address.getByAddress(null, ip, scope);
    }

    private static byte[] bytes(MemorySegment source, long offset, int count) {
        return source.asSlice(offset, count).toArray(JAVA_BYTE);
    }
}
