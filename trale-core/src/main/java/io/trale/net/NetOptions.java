package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.linux.NetOption;
import io.trale.reactor.Descriptor;
import io.trale.leaf.Sockets;
import java.net.SocketOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Socket options to be set before a socket is bound or connected. Immutable: each method returns a changed copy.
///
/// Options are known by their names and types, so Java's own do: all of [java.net.StandardSocketOptions], of
/// `jdk.net.ExtendedSocketOptions` `TCP_KEEPIDLE`, `TCP_KEEPINTERVAL`, `TCP_KEEPCOUNT` and `TCP_QUICKACK`, and the two that
/// are defined here. On an IPv6 socket `IP_TOS` and `IP_MULTICAST_*` set those of IPv6 and of IPv4.
///
/// `SO_LINGER` of 0 makes a close reset the connection. A longer one has no effect: a close never waits, and the kernel goes
/// on sending what is left.
///
/// `SO_REUSEADDR`, `SO_REUSEPORT` and `IPV6_V6ONLY` have an effect before `bind(2)` only, and a large `SO_RCVBUF` before
/// `listen(2)` or `connect(2)`, where the TCP window is scaled. The connections of a TCP listener inherit its options.
public final class NetOptions {

    /// Whether an IPv6 socket keeps to IPv6. By default a listener on the wildcard does not, and any other does; see `ipv6(7)`.
    public static final SocketOption<Boolean> IPV6_V6ONLY = new Named<>("IPV6_V6ONLY", Boolean.class);

    /// For how many milliseconds what was sent may remain unacknowledged before the connection is given up, as
    /// `ETIMEDOUT`; 0 leaves it to the system. See `tcp(7)`.
    public static final SocketOption<Integer> TCP_USER_TIMEOUT = new Named<>("TCP_USER_TIMEOUT", Integer.class);

    private static final NetOptions NONE = new NetOptions(List.of());

    private final List<Setting<?>> settings;

    private NetOptions(List<Setting<?>> settings) {
        this.settings = settings;
    }

    /// Nothing but what the socket has by itself.
    public static NetOptions none() {
        return NONE;
    }

    /// Sets `option`, after those before. Throws [UnsupportedOperationException] if it is not known.
    public <T> NetOptions with(SocketOption<T> option, T value) {
        NetOption.of(option);
        return with(List.of(new Setting<>(option, Objects.requireNonNull(value))));
    }

    /// Sets what `more` says, after those before.
    NetOptions with(NetOptions more) {
        return with(more.settings);
    }

    private NetOptions with(List<Setting<?>> more) {
        List<Setting<?>> all = new ArrayList<>(settings);
        all.addAll(more);
        return new NetOptions(List.copyOf(all));
    }

    /// Sets them all, or fails with the first that cannot be set. For trale's own modules.
    @SuppressWarnings("exports")
    public void applyTo(Descriptor socket) throws ErrnoException {
        for (Setting<?> setting : settings) {
            setting.applyTo(socket);
        }
    }

    private record Setting<T>(SocketOption<T> option, T value) {
        void applyTo(Descriptor socket) throws ErrnoException {
            Sockets.setOption(socket, option, value);
        }
    }

    private record Named<T>(String name, Class<T> type) implements SocketOption<T> {
        @Override
        public String toString() {
            return name;
        }
    }
}
