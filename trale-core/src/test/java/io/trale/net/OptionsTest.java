package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.net.StandardSocketOptions.IP_MULTICAST_IF;
import static java.net.StandardSocketOptions.IP_MULTICAST_LOOP;
import static java.net.StandardSocketOptions.IP_MULTICAST_TTL;
import static java.net.StandardSocketOptions.IP_TOS;
import static java.net.StandardSocketOptions.SO_BROADCAST;
import static java.net.StandardSocketOptions.SO_KEEPALIVE;
import static java.net.StandardSocketOptions.SO_LINGER;
import static java.net.StandardSocketOptions.SO_RCVBUF;
import static java.net.StandardSocketOptions.SO_REUSEADDR;
import static java.net.StandardSocketOptions.SO_REUSEPORT;
import static java.net.StandardSocketOptions.SO_SNDBUF;
import static java.net.StandardSocketOptions.TCP_NODELAY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.testing.ProcSelf;
import io.trale.testing.StreamPair;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Socket options by the names of the JDK: each sets the right option of `setsockopt(2)`, before the bind where necessary.
@Timeout(60)
class OptionsTest {

    @TempDir
    private Path directory;

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    private static void run(Async.Body body) throws Exception {
        Executor.blockOn(async(body));
    }

    /// An option of `jdk.net.ExtendedSocketOptions`, which has the same name and type.
    private record Extended<T>(String name, Class<T> type) implements SocketOption<T> {}

    private static <T> void assertSettable(NetworkSocket<?> socket, SocketOption<T> option, List<T> values) throws Exception {
        for (T value : values) {
            socket.setOption(option, value);
            assertThat(socket.getOption(option)).as(option.name()).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void streamsHaveTheirOptions(String host) throws Exception {
        run(() -> {
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(host, 0));
                    TcpStream stream = await(TcpStream.connect(listener.localAddress()))) {
                assertThat(stream.getOption(TCP_NODELAY)).isTrue();
                assertThat(listener.getOption(SO_REUSEADDR)).isTrue();
                assertSettable(stream, TCP_NODELAY, List.of(false, true));
                assertSettable(stream, SO_KEEPALIVE, List.of(true, false));
                assertSettable(stream, new Extended<>("TCP_KEEPIDLE", Integer.class), List.of(17));
                assertSettable(stream, new Extended<>("TCP_KEEPINTERVAL", Integer.class), List.of(18));
                assertSettable(stream, new Extended<>("TCP_KEEPCOUNT", Integer.class), List.of(19));
                assertSettable(stream, new Extended<>("TCP_QUICKACK", Boolean.class), List.of(false, true));
                assertSettable(stream, NetOptions.TCP_USER_TIMEOUT, List.of(2345, 0));
                assertSettable(stream, SO_LINGER, List.of(7, 0, -1));
                assertSettable(stream, IP_TOS, List.of(0x10, 0));
                stream.setOption(SO_RCVBUF, 10_000);
                assertThat(stream.getOption(SO_RCVBUF)).as("see socket(7)").isEqualTo(20_000);
                stream.setOption(SO_SNDBUF, 10_000);
                assertThat(stream.getOption(SO_SNDBUF)).isEqualTo(20_000);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void datagramSocketsHaveTheirOptions(String host) throws Exception {
        run(() -> {
            try (UdpSocket socket = UdpSocket.bind(new InetSocketAddress(host, 0))) {
                assertSettable(socket, SO_BROADCAST, List.of(true, false));
                assertSettable(socket, IP_MULTICAST_TTL, List.of(3, 1));
                assertSettable(socket, IP_MULTICAST_LOOP, List.of(false, true));
                socket.setOption(IP_MULTICAST_IF, NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress()));
                assertThatThrownBy(() -> socket.getOption(IP_MULTICAST_IF)).isInstanceOf(UnsupportedOperationException.class)
                        .hasMessage("IP_MULTICAST_IF can be set but not read");
            }
        });
    }

    @Test
    void unixSocketsHaveTheirOptions() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        run(() -> {
            NetOptions options = NetOptions.none().with(SO_SNDBUF, 10_000);
            try (UnixListener listener = UnixListener.bind(address, options);
                    UnixStream stream = await(UnixStream.connect(address, options));
                    UnixDatagramSocket datagrams = UnixDatagramSocket.bind(UnixDomainSocketAddress.of(""), options)) {
                assertThat(List.of(listener.getOption(SO_SNDBUF), stream.getOption(SO_SNDBUF), datagrams.getOption(SO_SNDBUF)))
                        .containsOnly(20_000);
                assertThatThrownBy(() -> stream.setOption(TCP_NODELAY, true)).hasMessageMatching(
                        "setsockopt\\(fd=\\d+, TCP_NODELAY\\): EOPNOTSUPP, operation not supported");
            }
        });
    }

    @Test
    void connectionsInheritTheOptionsOfTheirListener() throws Exception {
        NetOptions options = NetOptions.none().with(TCP_NODELAY, false).with(SO_KEEPALIVE, true)
                .with(NetOptions.TCP_USER_TIMEOUT, 1234).with(SO_RCVBUF, 5000).with(IP_TOS, 0x08);
        run(() -> {
            for (NetOptions given : List.of(options, NetOptions.none())) {
                try (TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK, given);
                        TcpStream client = await(TcpStream.connect(List.of(listener.localAddress()), given));
                        TcpStream server = await(listener.accept())) {
                    boolean some = given == options;
                    for (TcpStream stream : List.of(client, server)) {
                        assertThat(stream.getOption(TCP_NODELAY)).isEqualTo(!some);
                        assertThat(stream.getOption(SO_KEEPALIVE)).isEqualTo(some);
                        assertThat(stream.getOption(NetOptions.TCP_USER_TIMEOUT)).isEqualTo(some ? 1234 : 0);
                        assertThat(stream.getOption(IP_TOS)).isEqualTo(some ? 0x08 : 0);
                        if (some) {
                            assertThat(stream.getOption(SO_RCVBUF)).isEqualTo(10_000);
                        }
                    }
                }
            }
        });
    }

    @Test
    void twoListenersShareAPortWithReuseport() throws Exception {
        NetOptions shared = NetOptions.none().with(SO_REUSEPORT, true);
        run(() -> {
            try (TcpListener one = TcpListener.bind(StreamPair.LOOPBACK, shared);
                    TcpListener two = TcpListener.bind(one.localAddress(), shared);
                    UdpSocket three = UdpSocket.bind(StreamPair.LOOPBACK, shared);
                    UdpSocket four = UdpSocket.bind(three.localAddress(), shared)) {
                assertThat(two.localAddress()).isEqualTo(one.localAddress());
                assertThat(four.localAddress()).isEqualTo(three.localAddress());
                assertThatThrownBy(() -> TcpListener.bind(one.localAddress())).hasMessageContaining("EADDRINUSE");
                assertThatThrownBy(() -> UdpSocket.bind(three.localAddress())).hasMessageContaining("EADDRINUSE");
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"::, false", "::1, true"})
    void ipv6ListenerAcceptsIpv4OnTheWildcardUnlessV6Only(String host, boolean only) throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 0);
        run(() -> {
            try (TcpListener listener = TcpListener.bind(address)) {
                assertThat(listener.getOption(NetOptions.IPV6_V6ONLY)).isEqualTo(only);
            }
            try (TcpListener listener = TcpListener.bind(address, NetOptions.none().with(NetOptions.IPV6_V6ONLY, true))) {
                assertThat(listener.getOption(NetOptions.IPV6_V6ONLY)).isTrue();
                InetSocketAddress ipv4 = new InetSocketAddress("127.0.0.1", listener.localAddress().getPort());
                assertThatThrownBy(() -> await(TcpStream.connect(ipv4))).hasMessageContaining("ECONNREFUSED");
            }
        });
    }

    @Test
    void memberReceivesDatagramsOfItsGroup() throws Exception {
        NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        InetAddress group = InetAddress.getByName("239.1.2.3");
        run(() -> {
            try (UdpSocket sender = UdpSocket.bind(StreamPair.LOOPBACK);
                    UdpSocket member = UdpSocket.bind(new InetSocketAddress("0.0.0.0", 0));
                    Buffer out = Buffer.allocate(10); Buffer in = Buffer.allocate(10)) {
                int port = member.localAddress().getPort();
                sender.setOption(IP_MULTICAST_IF, loopback);
                member.join(group, loopback);
                await(sender.sendTo(out, 0, 5, new InetSocketAddress(group, port)));
                assertThat(await(member.receive(in)).length()).isEqualTo(5);
                member.leave(group, loopback);
                await(sender.sendTo(out, 0, 6, new InetSocketAddress(group, port)));
                await(sender.sendTo(out, 0, 7, new InetSocketAddress("127.0.0.1", port)));
                assertThat(await(member.receive(in)).length()).as("no longer a member").isEqualTo(7);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 239.1.2.3", "::1, ff01::1234"})
    void aGroupIsJoinedOnceAndLeftOnce(String host, String group) throws Exception {
        NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        InetAddress name = InetAddress.getByName(group);
        run(() -> {
            try (UdpSocket member = UdpSocket.bind(new InetSocketAddress(host, 0))) {
                member.join(name, loopback);
                assertThatThrownBy(() -> member.join(name, loopback))
                        .hasMessage("join(" + name.getHostAddress() + "%lo): EADDRINUSE, address already in use");
                member.leave(name, loopback);
                assertThatThrownBy(() -> member.leave(name, loopback)).hasMessageContaining("EADDRNOTAVAIL");
                assertThatThrownBy(() -> member.join(InetAddress.getByName(host), loopback)).hasMessageContaining("EINVAL");
            }
        });
    }

    @Test
    void anUnknownOptionIsRefusedAtOnce() throws Exception {
        SocketOption<Boolean> strange = new Extended<>("SO_STRANGE", Boolean.class);
        SocketOption<Boolean> mistyped = new Extended<>("SO_RCVBUF", Boolean.class);
        assertThatThrownBy(() -> NetOptions.none().with(strange, true)).isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("socket option SO_STRANGE");
        run(() -> {
            try (UdpSocket socket = UdpSocket.bind(StreamPair.LOOPBACK)) {
                assertThatThrownBy(() -> socket.setOption(strange, true)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> socket.getOption(mistyped)).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(() -> socket.setOption(IP_MULTICAST_TTL, 1000)).hasMessageContaining("EINVAL");
            }
        });
    }

    /// The number may refer to another file by then.
    @Test
    void optionsOfAClosedSocketFail() throws Exception {
        run(() -> {
            UdpSocket socket = UdpSocket.bind(StreamPair.LOOPBACK);
            socket.close();
            try (UdpSocket other = UdpSocket.bind(StreamPair.LOOPBACK)) {
                assertThatThrownBy(() -> socket.setOption(SO_BROADCAST, true)).hasMessageContaining("EBADF");
                assertThatThrownBy(() -> socket.getOption(SO_BROADCAST)).hasMessageContaining("EBADF");
                assertThat(other.getOption(SO_BROADCAST)).isFalse();
            }
        });
    }

    @Test
    void aRefusedOptionFailsBindAndConnectAndLeaksNothing() throws Exception {
        NetOptions impossible = NetOptions.none().with(NetOptions.IPV6_V6ONLY, true);
        run(() -> {
            TcpListener.bind(StreamPair.LOOPBACK).close();
            long before = ProcSelf.descriptors();
            assertThatThrownBy(() -> TcpListener.bind(StreamPair.LOOPBACK, impossible)).hasMessageContaining("IPV6_V6ONLY");
            assertThatThrownBy(() -> UdpSocket.bind(StreamPair.LOOPBACK, impossible)).hasMessageContaining("IPV6_V6ONLY");
            Future<TcpStream> connect = TcpStream.connect(List.of(new InetSocketAddress("127.0.0.1", 1)), impossible);
            assertThatThrownBy(() -> await(connect)).hasMessageContaining("IPV6_V6ONLY");
            assertThat(ProcSelf.descriptors()).isEqualTo(before);
        });
    }

    /// Such an address is valid only with its interface.
    @Test
    void aLinkLocalAddressKeepsItsScope() throws Exception {
        InetAddress local = NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                .filter(ip -> ip instanceof Inet6Address && ip.isLinkLocalAddress()).findAny().orElse(null);
        assumeTrue(local != null, "no interface has a link-local address");
        run(() -> {
            try (TcpListener listener = TcpListener.bind(new InetSocketAddress(local, 0));
                    TcpStream client = await(TcpStream.connect(listener.localAddress()));
                    TcpStream server = await(listener.accept()); Buffer buffer = Buffer.allocate(1)) {
                for (InetSocketAddress address : List.of(listener.localAddress(), client.localAddress(),
                        server.remoteAddress(), server.localAddress())) {
                    assertThat(address.getAddress()).isEqualTo(local);
                    assertThat(((Inet6Address) address.getAddress()).getScopeId())
                            .isEqualTo(((Inet6Address) local).getScopeId()).isNotZero();
                }
                buffer.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
                await(client.write(buffer, 0, 1));
                assertThat(StreamPair.read(server, 1)).containsExactly(1);
            }
        });
    }
}
