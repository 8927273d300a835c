package io.trale.reactive.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.loop.Loop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/// Shared by tests of servers and listeners: a loop and clients of the JDK. After each test, no descriptor and no loop thread
/// is left.
@Timeout(60)
public abstract class ServeTestBase {

    protected static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);

    protected final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    protected Trale trale;
    protected int descriptorsBefore;

    /// Opens what is opened only once per process.
    @BeforeAll
    protected static void warmUp() {
        try (Trale trale = Trale.start()) {
            Server server = trale.serve(Support.loopback(0), ServeTestBase::echo).block(LIMIT);
            assertEcho(server);
            server.disposeNow(LIMIT);
        }
    }

    @BeforeEach
    protected void start() {
        descriptorsBefore = Support.descriptors();
        trale = Trale.start();
    }

    @AfterEach
    protected void stop() {
        trale.close();
        assertNothingIsLeft();
        assertThat(trale.stats().unknown()).isZero();
    }

    protected void assertNothingIsLeft() {
        Support.untilDescriptors(descriptorsBefore);
        Support.until("no thread of a loop",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(t -> t instanceof Loop.LoopThread));
        assertThat(trale.stats().inFlight()).isZero();
    }

    protected static Mono<Void> echo(Connection connection) {
        return connection.send(connection.receive());
    }

    protected Server serve(Function<? super Connection, ? extends Publisher<Void>> handler) {
        return serve(handler, ServeOptions.defaults());
    }

    protected Server serve(Function<? super Connection, ? extends Publisher<Void>> handler, ServeOptions options) {
        return trale.serve(Support.loopback(0), handler, options.onConnectionError((c, failure) -> failures.add(failure)))
                .block(LIMIT);
    }

    protected static SocketChannel connect(Server server) {
        return connect(server.localAddress());
    }

    protected static SocketChannel connect(SocketAddress address) {
        try {
            return SocketChannel.open(address);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Asserts that an ordinary client is served.
    protected static void assertEcho(Server server) {
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        Support.shutdownOutput(client);
        assertThat(Support.readAll(client)).isEmpty();
        Support.close(client);
    }

    protected static void assertEcho(SocketChannel client, String text) {
        Support.write(client, text.getBytes());
        assertThat(new String(Support.read(client, text.length()))).isEqualTo(text);
    }

    /// Asserts that a client of `address` is reset, perhaps before its connect returns, otherwise after it has sent `bytes`.
    protected static void assertReset(SocketAddress address, byte... bytes) {
        assertThatThrownBy(() -> {
            try (SocketChannel client = SocketChannel.open(address)) {
                client.write(ByteBuffer.wrap(bytes));
                while (client.read(ByteBuffer.allocate(100)) >= 0) {}
            }
        }).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }

    protected static void assertReset(SocketChannel client) {
        assertThatThrownBy(() -> {
            while (client.read(ByteBuffer.allocate(100)) >= 0) {}
        }).isInstanceOf(IOException.class).hasMessageContaining("reset");
        Support.close(client);
    }

    /// Requests connections on command.
    public static final class ConnectionSubscriber implements CoreSubscriber<Connection> {

        private final Consumer<Connection> onNext;
        public final Queue<Connection> taken = new ConcurrentLinkedQueue<>();
        public final CompletableFuture<Void> end = new CompletableFuture<>();
        public volatile Subscription subscription;

        public ConnectionSubscriber() {
            this(connection -> { });
        }

        public ConnectionSubscriber(Consumer<Connection> onNext) {
            this.onNext = onNext;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public void onNext(Connection connection) {
            taken.add(connection);
            onNext.accept(connection);
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }
    }
}
