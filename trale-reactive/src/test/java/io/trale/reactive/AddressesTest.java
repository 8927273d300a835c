package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// Host names, and hosts with IPv4 and IPv6 addresses.
@Timeout(60)
class AddressesTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);

    private static final byte[] LOOPBACK_6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    private int descriptors;
    private Trale trale;

    @BeforeEach
    void start() {
        descriptors = Support.descriptors();
        trale = Trale.start();
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().unknown()).isZero();
        Support.untilDescriptors(descriptors);
    }

    private void assertEchoes(Mono<Connection> connecting) {
        byte[] bytes = {1, 2, 3};
        byte[] back = connecting
                .doOnNext(connection -> assertThat(trale.loop.isCurrent()).as("on the loop").isTrue())
                .flatMap(connection -> connection.send(Mono.just(ByteBuffer.wrap(bytes)))
                        .then(connection.receive().next())
                        .map(Support::bytesOf)
                        .flatMap(received -> connection.close().thenReturn(received)))
                .block(LIMIT);
        assertThat(back).isEqualTo(bytes);
    }

    private static Mono<Void> echo(Connection connection) {
        return connection.send(connection.receive());
    }

    /// If the host has two addresses, the server listens on one of them.
    @Test
    void aHostNameIsResolvedAndItsAddressesTriedInOrder() {
        int port = trale.serve(Support.loopback(0), AddressesTest::echo).block(LIMIT).port();
        assertEchoes(trale.connect("localhost", port));
        assertEchoes(trale.connect(InetSocketAddress.createUnresolved("localhost", port)));
    }

    @Test
    void aServerOnTheWildcardAddressIsReachedByIpv4AndIpv6() throws IOException {
        Server server = trale.serve(0, AddressesTest::echo).block(LIMIT);
        assertEchoes(trale.connect(new InetSocketAddress("127.0.0.1", server.port())));
        InetAddress six = InetAddress.getByAddress(LOOPBACK_6);
        assumeTrue(has(six), "no IPv6 here");
        assertEchoes(trale.connect(new InetSocketAddress(six, server.port())));
        Server ofSix = trale.serve(new InetSocketAddress(six, 0), AddressesTest::echo).block(LIMIT);
        assertThat(((InetSocketAddress) ofSix.localAddress()).getAddress()).isEqualTo(six);
        assertEchoes(trale.connect(ofSix.localAddress()));
    }

    private static boolean has(InetAddress address) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(address, 0));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void anUnknownHostFails() {
        StepVerifier.create(trale.connect("[nobody", 1)).expectError(UnknownHostException.class).verify(LIMIT);
    }

    @Test
    void aConnectByNameFailsWithTheErrorOfTheLastAddress() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        StepVerifier.create(trale.connect("localhost", port))
                .expectErrorSatisfies(e -> assertThat(((ErrnoException) e).errno()).isEqualTo(Errno.ECONNREFUSED))
                .verify(LIMIT);
    }
}
