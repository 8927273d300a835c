package io.trale.reactive.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Connection;
import io.trale.reactive.Event;
import io.trale.reactive.Listener;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.codec.Lines;
import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A fatal error of the JVM in user code, which operators do not catch, ends its pipeline and its connection and is reported
/// once. The loop and the server continue.
class FatalErrorsTest extends ServeTestBase {

    enum Kind {
        STACK_OVERFLOW(StackOverflowError::new),
        NO_CLASS(() -> new NoClassDefFoundError("on purpose")),
        OUT_OF_MEMORY(() -> new OutOfMemoryError("on purpose")),
        INTERNAL(() -> new InternalError("on purpose"));

        private final Supplier<Error> error;

        Kind(Supplier<Error> error) {
            this.error = error;
        }
    }

    /// The place in a handler where it is thrown. Every client sends a byte and ends its side.
    enum Place {
        HANDLER((c, error) -> {
            throw error;
        }),
        SUBSCRIPTION((c, error) -> Mono.defer(() -> {
            throw error;
        })),
        ON_SUBSCRIBE((c, error) -> c.receive().doOnSubscribe(s -> {
            throw error;
        }).then()),
        FIRST_BYTES((c, error) -> c.receive().doOnNext(b -> {
            throw error;
        }).then()),
        MAPPER((c, error) -> c.send(c.receive().map(b -> {
            throw error;
        }))),
        FLAT_MAP((c, error) -> c.receive().flatMap(b -> Mono.defer(() -> {
            throw error;
        })).then()),
        SUBSCRIPTION_IN_A_CONCAT_MAP((c, error) -> c.receive().concatMap(b -> c.send(Mono.defer(() -> {
            throw error;
        }))).then()),
        READER((c, error) -> c.receiveWith(segment -> {
            throw error;
        }).then()),
        LEASES((c, error) -> c.receiveLeases().doOnNext(lease -> {
            throw error;
        }).then()),
        LINES((c, error) -> c.receive().transform(Lines.of(UTF_8)).doOnNext(line -> {
            throw error;
        }).then()),
        COMPLETION((c, error) -> c.receive().doOnComplete(() -> {
            throw error;
        }).then()),
        SOURCE_OF_A_SEND((c, error) -> c.send(Flux.generate(sink -> {
            throw error;
        }))),
        TAKEN((c, error) -> c.send(c.receive(), element -> {
            throw error;
        })),
        END_OF_A_SEND((c, error) -> c.send(c.receive()).doOnSuccess(nothing -> {
            throw error;
        })),
        RESUMED((c, error) -> c.receive().doOnNext(b -> {
            throw error;
        }).then().onErrorResume(e -> Mono.never()));

        private final BiFunction<Connection, Error, Publisher<Void>> handler;

        Place(BiFunction<Connection, Error, Publisher<Void>> handler) {
            this.handler = handler;
        }
    }

    private static void sendLine(SocketChannel client) {
        try {
            client.write(ByteBuffer.wrap("\n".getBytes()));
            client.shutdownOutput();
        } catch (IOException e) {
            // reset already
        }
    }

    private static Stream<Arguments> placesAndKinds() {
        return Arrays.stream(Place.values())
                .flatMap(place -> Arrays.stream(Kind.values()).map(kind -> Arguments.of(place, kind)));
    }

    private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void startWithAnEar() {
        trale.close();
        trale = Trale.start(ExecutorOptions.defaults().uncaught(uncaught::add));
    }

    @ParameterizedTest
    @MethodSource("placesAndKinds")
    void inAHandlerEndsItsConnectionAloneAndIsReportedOnce(Place place, Kind kind) {
        Error error = kind.error.get();
        AtomicBoolean thrown = new AtomicBoolean();
        Server server = serve(c -> thrown.getAndSet(true) ? echo(c) : place.handler.apply(c, error),
                ServeOptions.defaults().maxConnections(1)); // the next client is served only if the failed connection is gone
        SocketChannel client = connect(server);
        sendLine(client);
        Support.until("the error is reported", () -> !failures.isEmpty());
        assertEcho(server);
        server.disposeNow(LIMIT);
        assertThat(failures).singleElement().isSameAs(error);
        trale.close();
        assertThat(uncaught).isEmpty();
        Support.close(client);
    }

    @Test
    void inTheErrorHandlerStopsNothing() {
        Error error = new StackOverflowError();
        AtomicBoolean thrown = new AtomicBoolean();
        Server server = trale.serve(Support.loopback(0),
                c -> thrown.getAndSet(true) ? echo(c) : Mono.error(new IllegalStateException("on purpose")),
                ServeOptions.defaults().onConnectionError((c, failure) -> {
                    throw error;
                })).block(LIMIT);
        assertReset(server.localAddress());
        Support.until("it is reported", () -> uncaught.contains(error));
        assertEcho(server);
    }

    @ParameterizedTest
    @EnumSource
    void inAClientFailsItsHandleAndClosesTheConnection(Kind kind) {
        Error error = kind.error.get();
        Server server = serve(ServeTestBase::echo);
        CompletableFuture<Connection> connection = new CompletableFuture<>();
        Mono<Void> client = trale.connect(server.localAddress()).doOnNext(connection::complete)
                .flatMap(c -> c.handle(self -> self.send(Mono.just(ByteBuffer.allocate(1))).thenMany(self.receive())
                        .flatMap(b -> Mono.<Void>fromRunnable(() -> {
                            throw error;
                        }))));
        assertThatThrownBy(() -> Support.get(client.toFuture())).hasRootCause(error);
        Support.get(Support.get(connection).onClose().toFuture());
        trale.close();
        assertThat(uncaught).isEmpty();
    }

    /// No connection can report the error, so the executor does. The subscriber gets it, too, if it can.
    @ParameterizedTest
    @EnumSource
    void inAnotherSourceEndsItAndIsReportedByTheExecutor(Kind kind) {
        Error error = kind.error.get();
        CompletableFuture<Void> ticks = trale.ticks(Duration.ofNanos(1)).doOnNext(tick -> {
            throw error;
        }).then().toFuture();
        assertThatThrownBy(() -> Support.get(ticks)).hasRootCause(error);
        CompletableFuture<Connection> accepted = new CompletableFuture<>();
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        CompletableFuture<Void> accepting = listener.accept().doOnNext(c -> {
            accepted.complete(c);
            throw error;
        }).then().toFuture();
        assertReset(listener.localAddress());
        assertThatThrownBy(() -> Support.get(accepting)).hasRootCause(error);
        Support.get(Support.get(accepted).onClose().toFuture());
        CompletableFuture<Event> opened = trale.event().doOnNext(event -> {
            throw error;
        }).toFuture();
        assertThatThrownBy(() -> Support.get(opened)).hasRootCause(error);
        Support.until("each is reported", () -> uncaught.size() == 3);
        assertThat(uncaught).allSatisfy(failure -> assertThat(failure).isSameAs(error));
    }
}
