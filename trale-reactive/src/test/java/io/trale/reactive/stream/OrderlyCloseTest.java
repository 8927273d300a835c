package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import io.trale.reactive.Server;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;

/// An orderly close drops no error, and so logs nothing: neither for sources without an end of their own that are subscribed to
/// without an error consumer, nor for served connections.
class OrderlyCloseTest extends ServeTestBase {

    private final Queue<Throwable> dropped = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void listen() {
        Hooks.onErrorDropped(dropped::add);
    }

    @AfterEach
    void forget() {
        Hooks.resetOnErrorDropped();
    }

    @Test
    void ofATraleDropsNoError() {
        trale.udp(Support.loopback(0)).block(LIMIT).receive().subscribe();
        trale.bind(Support.loopback(0)).block(LIMIT).accept().subscribe();
        trale.event().block(LIMIT).signals().subscribe();
        trale.ticks(Duration.ofDays(1)).subscribe();
        SocketChannel client = connect(serve(ServeTestBase::echo));
        assertEcho(client, "hello");
        Support.asleep(trale);
        trale.close();
        trale.ticks(Duration.ofDays(1)).blockLast(LIMIT); // also ticks far in the future
        assertThat(dropped).isEmpty();
        Support.close(client);
    }

    @Test
    void ofAnEndpointDropsNoError() {
        UdpEndpoint endpoint = trale.udp(Support.loopback(0)).block(LIMIT);
        endpoint.receive().subscribe();
        Support.asleep(trale);
        endpoint.close().block(LIMIT);
        assertThat(dropped).isEmpty();
    }

    private void close(Connection connection, String how) {
        switch (how) {
            case "Connection.close()" -> connection.close().subscribe();
            case "Connection.abort()" -> connection.abort();
            default -> trale.close();
        }
    }

    /// A receive that did not reach its end fails. Without an error consumer, the log gets two lines and no stack trace.
    @ParameterizedTest
    @ValueSource(strings = {"Connection.close()", "Connection.abort()", "Trale.close()"})
    void ofAReceiveDropsAnErrorOfTwoLines(String how) {
        try (Support.Pair pair = Support.Pair.of(trale)) {
            Connection connection = pair.connection();
            connection.receive().subscribe();
            Support.asleep(trale);
            close(connection, how);
            Support.until("it is dropped", () -> !dropped.isEmpty());
        }
        StringWriter printed = new StringWriter();
        dropped.remove().printStackTrace(new PrintWriter(printed));
        assertThat(printed.toString().lines().toList()).hasSize(2).last().asString()
                .contains("recv(fd=", "the connection was closed on this side by " + how);
        assertThat(dropped).isEmpty();
    }

    /// The remedy of the documentation.
    @ParameterizedTest
    @ValueSource(strings = {"Connection.close()", "Connection.abort()", "Trale.close()"})
    void ofAReceiveThatCompletesOnAnErrorDropsNone(String how) throws Exception {
        try (Support.Pair pair = Support.Pair.of(trale)) {
            CompletableFuture<Void> completed = new CompletableFuture<>();
            pair.connection().receive().onErrorComplete(ClosedChannelException.class)
                    .doOnComplete(() -> completed.complete(null)).subscribe();
            Support.asleep(trale);
            close(pair.connection(), how);
            Support.get(completed);
        }
        assertThat(dropped).isEmpty();
    }

    @Test
    void ofAServedConnectionDropsNoError() {
        Server server = serve(connection -> connection.send(connection.receive().take(1)));
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        assertThat(Support.readAll(client)).isEmpty();
        server.disposeNow(LIMIT);
        assertThat(dropped).isEmpty();
        assertThat(failures).isEmpty();
        Support.close(client);
    }
}
