package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.net.NetOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A close on the real kernel: the peer receives every sent byte and an end without a reset.
class ConnectionCloseTest extends ServeTestBase {

    private static final byte[] UNREAD = new byte[200_000];

    @BeforeAll
    static void openOnceInTheLifeOfTheProcess() throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
    }

    private static Flux<ByteBuffer> chunks(byte[] bytes) {
        return Flux.range(0, (bytes.length + 65535) >> 16)
                .map(i -> ByteBuffer.wrap(bytes, i << 16, Math.min(1 << 16, bytes.length - (i << 16))));
    }

    /// The client has sent bytes that are not received, and keeps sending during the close.
    @ParameterizedTest
    @ValueSource(ints = {400_000, 3 << 20})
    void theClientGetsEveryByteAlthoughItsInputIsUnread(int size) {
        byte[] bytes = Support.bytes(1, size);
        Server server = serve(c -> c.send(chunks(bytes)));
        SocketChannel client = connect(server);
        Support.write(client, UNREAD);
        byte[] first = Support.read(client, 1000);
        Support.write(client, UNREAD);
        byte[] rest = Support.readAll(client);
        Support.close(client);
        assertThat(first.length + rest.length).isEqualTo(size);
        server.disposeNow(LIMIT);
        assertThat(failures).isEmpty();
    }

    @Test
    void aUnixClientSeesAnEndAlthoughItsInputIsUnread(@TempDir Path directory) {
        byte[] bytes = Support.bytes(1, 400_000);
        Server server = trale.serve(UnixDomainSocketAddress.of(directory.resolve("socket")),
                c -> c.send(chunks(bytes))).block(LIMIT);
        SocketChannel client = connect(server.localAddress());
        Support.write(client, new byte[20_000]);
        assertThat(Support.readAll(client)).isEqualTo(bytes);
        Support.close(client);
        server.disposeNow(LIMIT);
    }

    /// The send is cut off, so the handler fails; the emitted elements still arrive.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseDuringASendLosesNoEmittedElement(boolean unread) {
        byte[] bytes = Support.bytes(2, 3 << 20);
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        Server server = serve(c -> {
            connection.complete(c);
            return c.send(Flux.just(ByteBuffer.wrap(bytes)).concatWith(Flux.never()));
        });
        SocketChannel client = connect(server);
        if (unread) {
            Support.write(client, UNREAD);
        }
        byte[] first = Support.read(client, 1000);
        CompletableFuture<Void> closed = Support.get(connection).close().toFuture();
        byte[] rest = Support.readAll(client);
        assertThat(first.length + rest.length).isEqualTo(bytes.length);
        Support.close(client);
        Support.get(closed);
        server.disposeNow(LIMIT);
        assertThat(failures).singleElement().isInstanceOf(ClosedChannelException.class);
    }

    /// The input of the handler ends early; that of the socket does not.
    @Test
    void aGracefulDisposeLosesNothingOfAClientThatKeepsSending() {
        byte[] bytes = Support.bytes(3, 3 << 20);
        CompletableFuture<Connection> served = new CompletableFuture<>();
        Server server = serve(c -> {
            served.complete(c);
            return c.receive().then(c.send(chunks(bytes)));
        });
        SocketChannel client = connect(server);
        Support.write(client, new byte[1000]);
        Support.get(served);
        CompletableFuture<Void> end = server.disposeGracefully(LIMIT).toFuture();
        byte[] first = Support.read(client, 1000);
        Support.write(client, UNREAD);
        byte[] rest = Support.readAll(client);
        assertThat(first.length + rest.length).isEqualTo(bytes.length);
        Support.close(client);
        Support.get(end);
        assertThat(failures).isEmpty();
    }

    /// Everything is closed after the kernel has taken the bytes and before the client reads them.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingEverythingResetsNoDrainingConnection(boolean serverOnly) throws IOException {
        byte[] bytes = Support.bytes(4, 500_000);
        CompletableFuture<Connection> served = new CompletableFuture<>();
        Server server = serve(c -> {
            served.complete(c);
            return c.send(chunks(bytes));
        }, ServeOptions.defaults().connectionOptions(NetOptions.none().with(StandardSocketOptions.SO_SNDBUF, 1 << 20)));
        SocketChannel client = SocketChannel.open();
        client.setOption(StandardSocketOptions.SO_RCVBUF, 100_000);
        client.connect(server.localAddress());
        Connection connection = Support.get(served);
        Support.until("it drains", () -> Support.onLoop(trale, () -> ConnectionProbe.isDraining(connection)));
        if (serverOnly) {
            server.dispose();
            server.onClose().block(LIMIT);
        } else {
            trale.close();
        }
        assertThat(Support.readAll(client)).isEqualTo(bytes);
        Support.close(client);
    }

    /// If both sides have ended, a close waits for nothing.
    @Test
    void aConnectionAfterThePeersEndIsClosedAtOnce() {
        Server server = serve(ServeTestBase::echo);
        Connection connection = trale.connect(server.localAddress()).block(LIMIT);
        connection.shutdownOutput().thenMany(connection.receive()).blockLast(LIMIT);
        long inFlight = Support.onLoop(trale, () -> {
            connection.close().subscribe();
            return ConnectionProbe.isOpen(connection) ? 1L : 0L;
        });
        assertThat(inFlight).isZero();
        connection.onClose().block(LIMIT);
    }

    @Test
    void anAbortOfADrainingConnectionResetsThePeer() {
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        Server server = serve(c -> {
            connection.complete(c);
            return c.send(Mono.just(ByteBuffer.wrap(new byte[] {7})));
        });
        SocketChannel client = connect(server);
        Support.read(client, 2); // reads to the end, so the server drains
        Connection draining = Support.get(connection);
        draining.abort();
        draining.onClose().block(LIMIT);
        assertThatThrownBy(() -> {
            while (true) {
                client.write(ByteBuffer.allocate(1));
            }
        }).isInstanceOf(IOException.class);
        Support.close(client);
        server.disposeNow(LIMIT);
    }
}
