package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.channels.UnsupportedAddressTypeException;

/// Converts `struct sockaddr_in`, `sockaddr_in6` and `sockaddr_un` (`ip(7)`, `ipv6(7)`, `unix(7)`) to and from Java's
/// addresses.
///
/// The scope of an IPv6 address is kept. Java's addresses have no flow label, so it is sent as 0. They have no abstract Unix
/// names either, so the address of a peer with an abstract name is decoded as unnamed.
public final class SocketAddresses {

    /// The size of `struct sockaddr_storage`, in bytes: large enough for any address.
    public static final int MAX_BYTES = 128;

    /// The longest path of a Unix socket, in bytes: the size of `sun_path` minus the terminating zero.
    public static final int MAX_PATH_BYTES = 107;

    private static final int FAMILY_BYTES = 2;
    private static final int INET_BYTES = 16;
    private static final int INET6_BYTES = 28;
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final UnixDomainSocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    private SocketAddresses() {}

    /// The address family of `address`: `AF_INET`, `AF_INET6` or `AF_UNIX`.
    public static int family(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress inet -> inet.getAddress() instanceof Inet6Address ? Net.AF_INET6 : Net.AF_INET;
            case UnixDomainSocketAddress unix -> Net.AF_UNIX;
            default -> throw new UnsupportedAddressTypeException();
        };
    }

    /// Throws [IllegalArgumentException] if `address` cannot be encoded: its host is unresolved, or its path is too long.
    public static void check(SocketAddress address) {
        switch (address) {
            case InetSocketAddress inet -> {
                if (inet.isUnresolved()) {
                    throw new IllegalArgumentException("unknown host " + inet.getHostString());
                }
            }
            case UnixDomainSocketAddress unix -> {
                int length = path(unix).length;
                if (length > MAX_PATH_BYTES) {
                    throw new IllegalArgumentException("socket path has " + length + " bytes, must be at most "
                            + MAX_PATH_BYTES + ": " + unix);
                }
            }
            default -> throw new UnsupportedAddressTypeException();
        }
    }

    /// Writes `address`, which must have passed [#check], at the start of `target`. Returns its length in bytes.
    public static int encode(SocketAddress address, MemorySegment target) {
        target.set(JAVA_SHORT, 0, (short) family(address));
        return address instanceof UnixDomainSocketAddress unix ? encodePath(path(unix), target)
                : encodeInet((InetSocketAddress) address, target);
    }

    private static int encodePath(byte[] path, MemorySegment target) {
        MemorySegment.copy(path, 0, target, JAVA_BYTE, FAMILY_BYTES, path.length);
        if (path.length == 0) {
            return FAMILY_BYTES; // unnamed
        }
        target.set(JAVA_BYTE, FAMILY_BYTES + path.length, (byte) 0);
        return FAMILY_BYTES + path.length + 1;
    }

    private static int encodeInet(InetSocketAddress address, MemorySegment target) {
        byte[] ip = address.getAddress().getAddress();
        target.set(PORT, 2, (short) address.getPort());
        if (address.getAddress() instanceof Inet6Address six) {
            target.set(JAVA_INT, 4, 0); // flow information
            MemorySegment.copy(ip, 0, target, JAVA_BYTE, 8, 16);
            target.set(JAVA_INT, 24, six.getScopeId());
            return INET6_BYTES;
        }
        MemorySegment.copy(ip, 0, target, JAVA_BYTE, 4, 4);
        target.set(JAVA_LONG, 8, 0); // padding
        return INET_BYTES;
    }

    /// Reads an address of `length` bytes that the kernel wrote at the start of `source`. For a datagram from an unbound
    /// Unix socket the kernel writes no address, and `length` is 0.
    public static SocketAddress decode(MemorySegment source, int length) {
        if (length < FAMILY_BYTES) {
            return UNNAMED;
        }
        return source.get(JAVA_SHORT, 0) == Net.AF_UNIX ? decodePath(source.asSlice(0, length)) : decode(source);
    }

    private static UnixDomainSocketAddress decodePath(MemorySegment source) {
        long end = FAMILY_BYTES;
        while (end < source.byteSize() && source.get(JAVA_BYTE, end) != 0) {
            end++;
        }
        // an abstract name begins with a zero, so it is decoded as unnamed
        return end == FAMILY_BYTES ? UNNAMED
                : UnixDomainSocketAddress.of(FileNames.path(bytes(source, FAMILY_BYTES, (int) end - FAMILY_BYTES)));
    }

    /// Reads an IPv4 or IPv6 address that the kernel wrote at the start of `source`.
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

    /// Formats `address` for messages: `127.0.0.1:80`, `[::1]:80`, `*:80`, `/run/echo.socket`, `unnamed`.
    public static String format(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress inet -> formatInet(inet);
            case UnixDomainSocketAddress unix -> unix.equals(UNNAMED) ? "unnamed" : unix.toString();
            default -> address.toString();
        };
    }

    private static String formatInet(InetSocketAddress address) {
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

    private static byte[] path(UnixDomainSocketAddress address) {
        return FileNames.bytes(address.getPath());
    }

    /// A scope of 0 means none. `getByAddress` turns an IPv4-mapped address into an [java.net.Inet4Address].
    private static InetAddress inet6(byte[] ip, int scope) throws UnknownHostException {
        return scope == 0 ? InetAddress.getByAddress(ip) : Inet6Address.getByAddress(null, ip, scope);
    }

    private static byte[] bytes(MemorySegment source, long offset, int count) {
        byte[] bytes = new byte[count];
        MemorySegment.copy(source, JAVA_BYTE, offset, bytes, 0, count);
        return bytes;
    }
}
