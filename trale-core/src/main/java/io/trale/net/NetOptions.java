package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.linux.NetOption;
import io.trale.reactor.Descriptor;
import io.trale.leaf.Sockets;
import java.net.SocketOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Socket options that are set before a socket is bound or connected. Immutable: each method returns a changed copy.
///
/// Supported are all options of [java.net.StandardSocketOptions]; `TCP_KEEPIDLE`, `TCP_KEEPINTERVAL`, `TCP_KEEPCOUNT` and
/// `TCP_QUICKACK` of `jdk.net.ExtendedSocketOptions`; and the two options defined here. An option is recognized by its name
/// and type. On an IPv6 socket, `IP_TOS` and `IP_MULTICAST_*` set both the IPv6 and the IPv4 option.
///
/// With `SO_LINGER` 0, a close resets the connection. A larger value has no effect: a close never waits, and the kernel
/// continues to send queued data.
///
/// `SO_REUSEADDR`, `SO_REUSEPORT` and `IPV6_V6ONLY` take effect only before `bind(2)`. A large `SO_RCVBUF` takes full effect
/// only before `listen(2)` or `connect(2)`, which fix the TCP window scale. The connections of a TCP listener inherit its
/// options.
public final class NetOptions {

    /// If true, an IPv6 socket does not accept IPv4. The default for a TCP listener is false on the wildcard address and
    /// true on any other. See `ipv6(7)`.
    public static final SocketOption<Boolean> IPV6_V6ONLY = new Named<>("IPV6_V6ONLY", Boolean.class);

    /// The time in milliseconds that sent data may remain unacknowledged. After that the kernel closes the connection with
    /// `ETIMEDOUT`. 0 means the system default. See `tcp(7)`.
    public static final SocketOption<Integer> TCP_USER_TIMEOUT = new Named<>("TCP_USER_TIMEOUT", Integer.class);

    private static final NetOptions NONE = new NetOptions(List.of());

    private final List<Setting<?>> settings;

    private NetOptions(List<Setting<?>> settings) {
        this.settings = settings;
    }

    /// No options: the socket keeps its defaults.
    public static NetOptions none() {
        return NONE;
    }

    /// Adds `option`, which is set after the options before it. Throws [UnsupportedOperationException] if trale does not
    /// support it.
    public <T> NetOptions with(SocketOption<T> option, T value) {
        NetOption.of(option);
        return with(List.of(new Setting<>(option, Objects.requireNonNull(value))));
    }

    /// Adds the options of `more`, which are set after the options before them.
    NetOptions with(NetOptions more) {
        return with(more.settings);
    }

    private NetOptions with(List<Setting<?>> more) {
        List<Setting<?>> all = new ArrayList<>(settings);
        all.addAll(more);
        return new NetOptions(List.copyOf(all));
    }

    /// Sets all options on `socket`. Stops at the first failure. For trale's own modules.
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
