package io.trale.reactive.stream;

import static java.net.StandardSocketOptions.SO_KEEPALIVE;
import static java.net.StandardSocketOptions.SO_REUSEPORT;
import static java.net.StandardSocketOptions.SO_SNDBUF;
import static java.net.StandardSocketOptions.TCP_NODELAY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.net.NetOptions;
import io.trale.reactive.ConnectOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// Servers and clients on Unix sockets, and socket options: the same connections as over TCP. After each test, no descriptor
/// and no path is left.
@Timeout(60)
class UnixTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);
    private static final UnixDomainSocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    @TempDir
    private Path directory;

    private UnixDomainSocketAddress address;
    private Trale trale;
    private int descriptorsBefore;

    @BeforeEach
    void start() throws IOException {
        address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close(); // opens what is opened only once per process
        Trale.start().close();
        descriptorsBefore = Support.descriptors();
        trale = Trale.start();
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
        Support.untilDescriptors(descriptorsBefore);
        assertThat(directory).isEmptyDirectory();
    }

    private static Mono<Void> echo(Connection connection) {
        return connection.send(connection.receive());
    }

    private SocketChannel connect() {
        try {
            return SocketChannel.open(address);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertEcho(SocketChannel client, int seed, int count) {
        byte[] bytes = Support.bytes(seed, count);
        Support.write(client, bytes);
        assertThat(Support.read(client, count)).isEqualTo(bytes);
    }

    // ---- serve and connect

    @Test
    void aServerRemovesItsPathWhenItCloses() {
        Server server = trale.serve(address, UnixTest::echo).block(LIMIT);
        assertThat(server.localAddress()).isEqualTo(address);
        assertThatThrownBy(server::port).isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("a path has no port: " + address);
        for (int i = 0; i < 10; i++) {
            SocketChannel client = connect();
            assertEcho(client, i, 100_000);
            Support.shutdownOutput(client);
            assertThat(Support.readAll(client)).isEmpty();
            Support.close(client);
        }
        assertThat(address.getPath()).exists();
        server.disposeNow(LIMIT);
        assertThat(address.getPath()).doesNotExist();
    }

    @Test
    void bothEndsKnowTheirAddresses() {
        Queue<Connection> served = new ConcurrentLinkedQueue<>();
        trale.serve(address, c -> {
            served.add(c);
            return echo(c);
        }).block(LIMIT);
        Connection client = trale.connect(address).block(LIMIT);
        byte[] bytes = Support.bytes(1, 300_000);
        client.send(Mono.just(ByteBuffer.wrap(bytes))).and(client.shutdownOutput()).subscribe();
        ByteBuffer all = ByteBuffer.allocate(bytes.length);
        client.receive().doOnNext(all::put).blockLast(LIMIT);
        assertThat(all.array()).isEqualTo(bytes);
        assertThat(client.remoteAddress()).isEqualTo(address);
        assertThat(client.localAddress()).isEqualTo(UNNAMED);
        assertThat(served.element().localAddress()).isEqualTo(address);
        assertThat(served.element().remoteAddress()).isEqualTo(UNNAMED);
        assertThat(client).hasToString("Connection(fd=" + ConnectionProbe.fd(client) + ", " + address + ")");
        client.close().block(LIMIT);
    }

    @Test
    void closingTheLoopRemovesThePath() {
        trale.bind(address).block(LIMIT);
        assertThat(address.getPath()).exists();
        trale.close();
        assertThat(address.getPath()).doesNotExist();
    }

    @Test
    void failuresNameThePath() {
        Listener listener = trale.bind(address).block(LIMIT);
        StepVerifier.create(trale.serve(address, UnixTest::echo)).expectErrorSatisfies(e ->
                assertThat(e).isInstanceOf(ErrnoException.class)
                        .hasMessage("bind(" + address + "): EADDRINUSE, address already in use")).verify(LIMIT);
        listener.dispose();
        listener.onClose().block(LIMIT);
        StepVerifier.create(trale.connect(address)).expectErrorSatisfies(e ->
                assertThat(e).hasMessage("connect(" + address + "): ENOENT, no such file or directory")).verify(LIMIT);
        UnixDomainSocketAddress tooLong = UnixDomainSocketAddress.of("/" + "x".repeat(200));
        StepVerifier.create(trale.connect(tooLong)).expectError(IllegalArgumentException.class).verify(LIMIT);
        StepVerifier.create(trale.bind(tooLong)).expectError(IllegalArgumentException.class).verify(LIMIT);
        SocketAddress strange = new SocketAddress() { };
        StepVerifier.create(trale.bind(strange)).expectError(UnsupportedAddressTypeException.class).verify(LIMIT);
        assertThatThrownBy(() -> trale.connect(strange)).isInstanceOf(UnsupportedAddressTypeException.class);
    }

    // ---- demand

    @Test
    void withoutDemandNothingIsInFlightAndThePeerStalls() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address)) {
            Connection connection = trale.connect(address).block(LIMIT);
            SocketChannel peer = server.accept();
            StepVerifier.create(connection.receive(), 0).then(() -> {
                long sent = Support.fill(peer);
                Support.asleep(trale);
                assertThat(trale.stats().inFlight()).isZero();
                assertThat(Support.fill(peer)).as("after " + sent + " bytes it takes no more").isZero();
            }).thenCancel().verify(LIMIT);
            connection.abort();
            connection.onClose().block(LIMIT);
            Support.close(peer);
        }
        Files.delete(address.getPath());
    }

    /// The peer has ended its side, so a poll for writability would always be ready.
    @Test
    void aStalledHalfClosedPeerLetsTheLoopSleep() throws IOException {
        byte[] chunk = new byte[64 << 10];
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address)) {
            Connection connection = trale.connect(address).block(LIMIT);
            SocketChannel peer = server.accept();
            Support.shutdownOutput(peer);
            connection.send(Flux.range(0, 100).map(i -> ByteBuffer.wrap(chunk))).then(connection.close()).subscribe();
            Support.untilStalled(trale, 1);
            assertThat(Support.readAll(peer)).hasSize(100 * chunk.length);
            Support.close(peer);
        }
        Files.delete(address.getPath());
    }

    @Test
    void abortEndsBothSides() {
        Queue<Connection> served = new ConcurrentLinkedQueue<>();
        trale.serve(address, c -> {
            served.add(c);
            return Mono.never();
        }).block(LIMIT);
        Connection client = trale.connect(address).block(LIMIT);
        Support.until("it is served", () -> !served.isEmpty());
        served.element().abort();
        StepVerifier.create(client.receive()).expectComplete().verify(LIMIT);
        client.abort();
        client.onClose().block(LIMIT);
    }

    // ---- options

    @Test
    void optionsAreSetBeforeBindAndConnectAndPerConnection() {
        NetOptions small = NetOptions.none().with(SO_SNDBUF, 10_000);
        Queue<Connection> served = new ConcurrentLinkedQueue<>();
        for (SocketAddress at : new SocketAddress[] {address, Support.loopback(0)}) {
            Server server = trale.serve(at, c -> {
                served.add(c);
                return echo(c);
            }, ServeOptions.defaults().connectionOptions(small)).block(LIMIT);
            Connection client = trale.connect(server.localAddress(), ConnectOptions.defaults().socketOptions(small)).block(LIMIT);
            Support.until("it is served", () -> !served.isEmpty());
            Connection connection = served.remove();
            assertThat(connection.getOption(SO_SNDBUF).block(LIMIT)).isEqualTo(20_000);
            assertThat(client.getOption(SO_SNDBUF).block(LIMIT)).isEqualTo(20_000);
            connection.setOption(SO_KEEPALIVE, true).block(LIMIT);
            assertThat(connection.getOption(SO_KEEPALIVE).block(LIMIT)).isTrue();
            client.close().block(LIMIT);
        }
        ServeOptions shared = ServeOptions.defaults().listenerOptions(NetOptions.none().with(SO_REUSEPORT, true));
        Server one = trale.serve(Support.loopback(0), UnixTest::echo, shared).block(LIMIT);
        Server two = trale.serve(one.localAddress(), UnixTest::echo, shared).block(LIMIT);
        assertThat(two.port()).isEqualTo(one.port()).isPositive();
        Listener listener = trale.bind(Support.loopback(0), NetOptions.none().with(TCP_NODELAY, false)).block(LIMIT);
        Connection client = trale.connect(listener.localAddress()).block(LIMIT);
        Connection accepted = listener.accept().blockFirst(LIMIT);
        assertThat(client.getOption(TCP_NODELAY).block(LIMIT)).isTrue();
        assertThat(accepted.getOption(TCP_NODELAY).block(LIMIT)).isFalse();
        client.close().then(accepted.close()).block(LIMIT);
    }

    @Test
    void failedConnectionOptionsFailOnlyTheConnection() {
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        trale.serve(address, UnixTest::echo, ServeOptions.defaults()
                .connectionOptions(NetOptions.none().with(TCP_NODELAY, true))
                .onConnectionError((c, failure) -> failures.add(failure))).block(LIMIT);
        for (int i = 1; i <= 2; i++) {
            int count = i;
            SocketChannel client = connect();
            assertThat(Support.readAll(client)).isEmpty();
            Support.close(client);
            Support.until("it is reported", () -> failures.size() == count);
        }
        assertThat(failures).allSatisfy(e -> assertThat(e).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("TCP_NODELAY").hasMessageContaining("EOPNOTSUPP"));
    }

    @Test
    void optionsOfAClosedConnectionFail() {
        Server server = trale.serve(Support.loopback(0), UnixTest::echo).block(LIMIT);
        Connection client = trale.connect(new InetSocketAddress("127.0.0.1", server.port())).block(LIMIT);
        client.close().block(LIMIT);
        StepVerifier.create(client.setOption(TCP_NODELAY, true)).expectErrorMessage("setsockopt(fd="
                + ConnectionProbe.fd(client) + ", TCP_NODELAY): EBADF, bad file descriptor").verify(LIMIT);
        StepVerifier.create(client.getOption(TCP_NODELAY)).expectError(ErrnoException.class).verify(LIMIT);
    }
}
