package io.trale.reactive.stream;

import static java.net.StandardSocketOptions.SO_RCVBUF;
import static java.net.StandardSocketOptions.SO_REUSEPORT;
import static java.net.StandardSocketOptions.TCP_NODELAY;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.net.NetOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// Sockets that are bound to a port only, with options, serve IPv4 and IPv6.
@Timeout(60)
class EveryAddressTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);
    private static final NetOptions SHARED = NetOptions.none().with(SO_REUSEPORT, true);

    private Trale trale;

    @BeforeEach
    void start() {
        trale = Trale.start();
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void aServerWithOptionsServesBothFamilies(String host) throws IOException {
        ServeOptions options = ServeOptions.defaults().listenerOptions(SHARED)
                .connectionOptions(NetOptions.none().with(TCP_NODELAY, false));
        Server server = trale.serve(0, c -> c.getOption(TCP_NODELAY).flatMap(on -> on ? Mono.never() : Mono.empty()), options)
                .block(LIMIT);
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(host, server.port()))) {
            assertThat(Support.readAll(client)).isEmpty();
        }
        try (Trale other = Trale.start()) { // it may listen on the same port
            assertThat(other.serve(server.port(), c -> Mono.empty(), options).block(LIMIT).port()).isEqualTo(server.port());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void aListenerWithOptionsAcceptsBothFamilies(String host) throws IOException {
        Listener listener = trale.bind(0, SHARED).block(LIMIT);
        Listener second = trale.bind(listener.port(), SHARED).block(LIMIT);
        second.dispose();
        second.onClose().block(LIMIT);
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(host, listener.port()))) {
            StepVerifier.create(listener.accept().take(1).flatMap(Connection::close)).expectComplete().verify(LIMIT);
            assertThat(Support.readAll(client)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void anEndpointWithOptionsReceivesFromBothFamilies(String host) throws IOException {
        UdpEndpoint endpoint = trale.udp(0, SHARED.with(SO_RCVBUF, 200_000)).block(LIMIT);
        UdpEndpoint second = trale.udp(endpoint.localAddress().getPort(), SHARED).block(LIMIT);
        second.close().block(LIMIT);
        try (DatagramSocket peer = new DatagramSocket()) {
            peer.send(new DatagramPacket(new byte[3], 3, new InetSocketAddress(host, endpoint.localAddress().getPort())));
        }
        StepVerifier.create(endpoint.receive().take(1))
                .assertNext(datagram -> assertThat(datagram.data().remaining()).isEqualTo(3))
                .expectComplete().verify(LIMIT);
    }
}
