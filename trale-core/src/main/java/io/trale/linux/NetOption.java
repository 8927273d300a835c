package io.trale.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.net.NetworkInterface;
import java.net.SocketOption;

/// The socket options that trale supports: Java's name, and the level, number and value format of `setsockopt(2)`.
///
/// The numbers are in [Net]. For some options Java has one name where Linux has one option for IPv4 and another for IPv6.
public enum NetOption {

    SO_BROADCAST(Boolean.class, Net.SOL_SOCKET, Net.SO_BROADCAST),
    SO_KEEPALIVE(Boolean.class, Net.SOL_SOCKET, Net.SO_KEEPALIVE),
    SO_LINGER(Integer.class, Net.SOL_SOCKET, Net.SO_LINGER),
    SO_RCVBUF(Integer.class, Net.SOL_SOCKET, Net.SO_RCVBUF),
    SO_REUSEADDR(Boolean.class, Net.SOL_SOCKET, Net.SO_REUSEADDR),
    SO_REUSEPORT(Boolean.class, Net.SOL_SOCKET, Net.SO_REUSEPORT),
    SO_SNDBUF(Integer.class, Net.SOL_SOCKET, Net.SO_SNDBUF),
    IP_TOS(Integer.class, Net.IPPROTO_IP, Net.IP_TOS, Net.IPV6_TCLASS),
    IP_MULTICAST_IF(NetworkInterface.class, Net.IPPROTO_IP, Net.IP_MULTICAST_IF, Net.IPV6_MULTICAST_IF),
    IP_MULTICAST_TTL(Integer.class, Net.IPPROTO_IP, Net.IP_MULTICAST_TTL, Net.IPV6_MULTICAST_HOPS),
    IP_MULTICAST_LOOP(Boolean.class, Net.IPPROTO_IP, Net.IP_MULTICAST_LOOP, Net.IPV6_MULTICAST_LOOP),
    IPV6_V6ONLY(Boolean.class, Net.IPPROTO_IPV6, Net.IPV6_V6ONLY),
    TCP_NODELAY(Boolean.class, Net.IPPROTO_TCP, Net.TCP_NODELAY),
    TCP_KEEPIDLE(Integer.class, Net.IPPROTO_TCP, Net.TCP_KEEPIDLE),
    TCP_KEEPINTERVAL(Integer.class, Net.IPPROTO_TCP, Net.TCP_KEEPINTVL),
    TCP_KEEPCOUNT(Integer.class, Net.IPPROTO_TCP, Net.TCP_KEEPCNT),
    TCP_QUICKACK(Boolean.class, Net.IPPROTO_TCP, Net.TCP_QUICKACK),
    TCP_USER_TIMEOUT(Integer.class, Net.IPPROTO_TCP, Net.TCP_USER_TIMEOUT);

    /// The size of the largest value, in bytes.
    public static final int MAX_BYTES = 12;

    private final Class<?> type;
    private final int level;
    private final int number;
    private final int inet6Number;

    NetOption(Class<?> type, int level, int number) {
        this(type, level, number, -1);
    }

    NetOption(Class<?> type, int level, int number, int inet6Number) {
        this.type = type;
        this.level = level;
        this.number = number;
        this.inet6Number = inet6Number;
    }

    /// The option with the name and type of `option`. Throws [UnsupportedOperationException] if there is none.
    public static NetOption of(SocketOption<?> option) {
        for (NetOption known : values()) {
            if (known.name().equals(option.name()) && known.type == option.type()) {
                return known;
            }
        }
        throw new UnsupportedOperationException("socket option " + option.name());
    }

    /// True if IPv6 sockets use another level and number.
    public boolean hasInet6() {
        return inet6Number >= 0;
    }

    /// The level: `SOL_SOCKET` or `IPPROTO_*`.
    public int level(boolean inet6) {
        return inet6 ? Net.IPPROTO_IPV6 : level;
    }

    /// The number of the option within its level.
    public int number(boolean inet6) {
        return inet6 ? inet6Number : number;
    }

    /// Writes `value`, which must have this option's type, at the start of `target`. Returns its length in bytes.
    public int encode(Object value, boolean inet6, MemorySegment target) {
        return switch (value) {
            case Boolean flag -> words(target, flag ? 1 : 0);
            case Integer seconds when this == SO_LINGER -> words(target, seconds < 0 ? 0 : 1, seconds); // struct linger
            case Integer number -> words(target, number);
            case NetworkInterface network when inet6 -> words(target, network.getIndex());
            case NetworkInterface network -> words(target, 0, 0, network.getIndex()); // struct ip_mreqn
            default -> throw new IllegalArgumentException(this + " does not accept " + value);
        };
    }

    /// Reads the value that the kernel wrote at the start of `source`. Throws [UnsupportedOperationException] for
    /// `IP_MULTICAST_IF`.
    public Object decode(MemorySegment source) {
        int first = source.get(JAVA_INT, 0);
        if (this == SO_LINGER) {
            return first == 0 ? -1 : source.get(JAVA_INT, 4);
        }
        if (type == NetworkInterface.class) {
            throw new UnsupportedOperationException(this + " can be set but not read");
        }
        return type == Boolean.class ? (Object) (first != 0) : (Object) first;
    }

    private static int words(MemorySegment target, int... words) {
        for (int i = 0; i < words.length; i++) {
            target.set(JAVA_INT, 4L * i, words[i]);
        }
        return 4 * words.length;
    }
}
