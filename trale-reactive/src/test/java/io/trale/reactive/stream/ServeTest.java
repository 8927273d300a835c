package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trale.reactive.Internals;
import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/// Servers from the first connection to the last: with polite and rude clients of the JDK, and with handlers that fail in every
/// way.
class ServeTest extends ServeTestBase {

    private static final int RUDE = Support.TORTURE ? 10_000 : 2_000;

    // ---- the limit of connections

    @Test
    void aClientBeyondTheLimitWaitsUntilAnotherLeaves() {
        AtomicInteger served = new AtomicInteger();
        Server server = serve(c -> {
            served.incrementAndGet();
            return echo(c);
        }, ServeOptions.defaults().maxConnections(3));
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            clients.add(connect(server));
            assertEcho(clients.get(i), "hello");
        }
        long enters = Support.asleep(trale);
        assertThat(trale.stats().inFlight()).as("three receives, and no accept").isEqualTo(3);

        SocketChannel fourth = connect(server);
        SocketChannel fifth = connect(server);
        Support.write(fourth, "patience".getBytes());
        assertThat(trale.stats().enters()).isEqualTo(enters);
        assertThat(served).hasValue(3);

        Support.close(clients.get(1));
        assertThat(new String(Support.read(fourth, 8))).isEqualTo("patience");
        Support.reset(clients.get(0));
        assertEcho(fifth, "hello");
        assertThat(served).hasValue(5);
        List.of(clients.get(2), fourth, fifth).forEach(Support::close);
    }

    @Test
    void anEndlessHandlerFreesItsPlaceWhenItsConnectionCloses() {
        Queue<Connection> connections = new ConcurrentLinkedQueue<>();
        Server server = serve(c -> {
            connections.add(c);
            return Mono.never();
        }, ServeOptions.defaults().maxConnections(1));
        for (int i = 1; i <= 3; i++) {
            int number = i;
            SocketChannel client = connect(server);
            Support.until("served", () -> connections.size() == number);
            connections.forEach(Connection::abort);
            assertReset(client);
        }
    }

    // ---- handlers that fail

    static final RuntimeException FAILURE = new IllegalArgumentException("the handler failed");

    @ParameterizedTest
    @ValueSource(strings = {"throws", "returns null", "returns an error", "fails after some data"})
    void aHandlerThatFailsAbortsItsConnectionAndIsReported(String how) {
        AtomicInteger calls = new AtomicInteger();
        Server server = serve(c -> {
            if (calls.getAndIncrement() % 2 == 1) {
                return echo(c);
            }
            return switch (how) {
                case "throws" -> throw FAILURE;
                case "returns null" -> null;
                case "returns an error" -> Mono.error(FAILURE);
                default -> c.send(c.receive().concatMap(b -> Mono.error(FAILURE)));
            };
        }, ServeOptions.defaults().maxConnections(1)); // the next client is served only if the failed connection is gone
        for (int i = 1; i <= 3; i++) {
            assertReset(server.localAddress(), new byte[how.equals("fails after some data") ? 1 : 0]);
            int reported = i;
            Support.until("the failure is reported", () -> failures.size() == reported);
            assertEcho(server);
        }
        assertThat(failures).allSatisfy(failure -> assertThat(failure)
                .isInstanceOfAny(IllegalArgumentException.class, NullPointerException.class)
                .hasMessage(how.equals("returns null") ? "the handler returned null" : FAILURE.getMessage()));
    }

    @Test
    void aNullHandlerThrows() {
        assertThatThrownBy(() -> trale.serve(0, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> trale.serve(Support.loopback(0), null)).isInstanceOf(NullPointerException.class);
    }

    /// The log has only these at debug level, if they are the connection's own.
    @Test
    void onlyNetworkErrorsAndClosesAreOrdinary() {
        assertThat(List.of(new ErrnoException("recv", Errno.ECONNRESET), new ErrnoException("send", Errno.EPIPE),
                new ErrnoException("shutdown", Errno.ENOTCONN), new ErrnoException("send", Errno.ETIMEDOUT),
                new ErrnoException("recv", Errno.EHOSTUNREACH), new ClosedChannelException()))
                .allMatch(ConnectionProbe::isOrdinary);
        assertThat(List.of(new ErrnoException("open", Errno.ENOENT), new ErrnoException("send", Errno.ENOBUFS),
                new ErrnoException("socket", Errno.EMFILE), new IOException(), FAILURE)).noneMatch(ConnectionProbe::isOrdinary);
    }

    @Test
    void anErrorHandlerThatThrowsStopsNothing() {
        List<Throwable> uncaught = new ArrayList<>();
        trale.close();
        trale = Trale.start(ExecutorOptions.defaults().uncaught(uncaught::add));
        AtomicInteger calls = new AtomicInteger();
        Server server = trale.serve(Support.loopback(0), c -> calls.getAndIncrement() < 3 ? Mono.error(FAILURE) : echo(c),
                ServeOptions.defaults().maxConnections(1).onConnectionError((c, failure) -> {
                    throw new IllegalStateException("the report failed");
                })).block(LIMIT);
        for (int i = 0; i < 3; i++) {
            assertReset(server.localAddress());
        }
        assertEcho(server);
    }

    @Test
    void aHandlerThatCompletesFlushesAndCloses() {
        int size = 4 << 20;
        byte[] bytes = Support.bytes(1, size);
        Server server = serve(c -> c.send(Mono.just(ByteBuffer.wrap(bytes))));
        SocketChannel client = connect(server);
        assertThat(Support.readAll(client)).isEqualTo(bytes);
        Support.close(client);
        assertThat(failures).isEmpty();
    }

    @Test
    void aHandlerOnAnotherThreadIsServedAsWell() {
        Server server = serve(c -> c.send(c.receive().publishOn(Schedulers.parallel()))
                .subscribeOn(Schedulers.boundedElastic()));
        assertEcho(server);
        assertThat(failures).isEmpty();
    }

    // ---- rude clients

    private enum Rude {
        RESETS_AT_ONCE, CLOSES_AT_ONCE, RESETS_AFTER_A_WRITE, CLOSES_WITH_THE_ANSWER_UNREAD, ENDS_ITS_SIDE_AND_READS,
        STALLS_AND_RESETS
    }

    private static void behave(Rude how, Server server, Random random) {
        SocketChannel client = connect(server);
        switch (how) {
            case RESETS_AT_ONCE -> Support.reset(client);
            case CLOSES_AT_ONCE -> Support.close(client);
            case RESETS_AFTER_A_WRITE -> {
                Support.write(client, new byte[1 + random.nextInt(10_000)]);
                Support.reset(client);
            }
            case CLOSES_WITH_THE_ANSWER_UNREAD -> {
                Support.write(client, new byte[1 + random.nextInt(100_000)]);
                Support.read(client, 1);
                Support.close(client);
            }
            case ENDS_ITS_SIDE_AND_READS -> {
                byte[] bytes = Support.bytes(random.nextLong(), 1 + random.nextInt(50_000));
                Support.write(client, bytes);
                Support.shutdownOutput(client);
                assertThat(Support.readAll(client)).isEqualTo(bytes);
                Support.close(client);
            }
            case STALLS_AND_RESETS -> {
                Support.fill(client);
                Support.reset(client);
            }
        }
    }

    @Test
    void rudeClientsLeaveNothingAndTheServerContinues() throws Exception {
        int threads = 4;
        Server server = serve(ServeTestBase::echo);
        assertEcho(server);
        Support.asleep(trale);
        int before = Support.descriptors();
        long inFlight = trale.stats().inFlight();
        Queue<Throwable> broken = new ConcurrentLinkedQueue<>();
        List<Thread> clients = IntStream.range(0, threads).mapToObj(t -> Thread.ofPlatform().start(() -> {
            Random random = new Random(t);
            try {
                for (int i = 0; i < RUDE / threads; i++) {
                    // A stall moves megabytes: only sometimes.
                    int kinds = Rude.values().length - (i % 25 == 0 ? 0 : 1);
                    behave(Rude.values()[random.nextInt(kinds)], server, random);
                }
            } catch (Throwable e) {
                broken.add(e);
            }
        })).toList();
        for (Thread client : clients) {
            client.join();
        }
        assertThat(broken).isEmpty();
        Support.untilDescriptors(before);
        Support.until("only accepts in flight", () -> trale.stats().inFlight() == inFlight);
        assertEcho(server);
        assertThat(failures).isNotEmpty().allSatisfy(failure -> assertThat(failure).isInstanceOf(ErrnoException.class));
    }

    @Test
    void aClientKilledDuringATransferIsDetected() throws Exception {
        assumeTrue(new File("/bin/bash").canExecute());
        CountDownLatch flowing = new CountDownLatch(1);
        AtomicInteger open = new AtomicInteger();
        Server server = serve(c -> {
            open.incrementAndGet();
            return c.send(c.receive().doOnNext(b -> flowing.countDown())).doFinally(signal -> open.decrementAndGet());
        });
        Process client = new ProcessBuilder("/bin/bash", "-c",
                "exec 3<>/dev/tcp/127.0.0.1/" + server.port() + "; exec cat /dev/zero >&3").start();
        assertThat(flowing.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(open).hasValue(1);
        client.destroyForcibly().waitFor();
        Support.until("the connection has ended", () -> open.get() == 0);
        assertEcho(server);
        client.getInputStream().close();
        client.getErrorStream().close();
        client.getOutputStream().close();
    }

    // ---- addresses that fail

    @Test
    void aPortInUseFailsAndNamesTheAddress() {
        Server server = serve(ServeTestBase::echo);
        SocketAddress address = server.localAddress();
        Support.asleep(trale);
        int before = Support.descriptors();
        for (int i = 0; i < 10; i++) {
            StepVerifier.create(trale.serve(address, ServeTestBase::echo)).expectErrorSatisfies(e -> {
                assertThat(e).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("bind")
                        .hasMessageContaining(String.valueOf(server.port()))
                        .hasMessageContaining("EADDRINUSE");
                assertThat(((ErrnoException) e).errno()).isEqualTo(Errno.EADDRINUSE);
            }).verify(LIMIT);
        }
        assertThat(Support.descriptors()).isEqualTo(before);
        assertEcho(server);
    }

    @Test
    void aRefusedConnectFailsAndNamesTheAddress() throws Exception {
        try (Socket bound = new Socket()) { // bound but not listening, so the port stays taken
            bound.bind(Support.loopback(0));
            for (int i = 0; i < 10; i++) {
                StepVerifier.create(trale.connect(Support.loopback(bound.getLocalPort()))).expectErrorSatisfies(e -> {
                    assertThat(e).isInstanceOf(ErrnoException.class)
                            .hasMessageContaining("connect(127.0.0.1:" + bound.getLocalPort() + ")")
                            .hasMessageContaining("ECONNREFUSED");
                }).verify(LIMIT);
            }
        }
    }

    @Test
    void cancelledConnectsLeaveNoDescriptor() {
        Support.asleep(trale);
        int before = Support.descriptors();
        Server server = serve(ServeTestBase::echo);
        Random random = new Random(2);
        for (int i = 0; i < 2000; i++) {
            ConnectionSubscriber subscriber = new ConnectionSubscriber(Connection::abort); // it may arrive after the cancel
            trale.connect(server.localAddress()).subscribe(subscriber);
            subscriber.subscription.request(1);
            for (int spin = random.nextInt(5000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            subscriber.subscription.cancel();
        }
        server.dispose();
        server.onClose().block(LIMIT);
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
        Support.untilDescriptors(before);
    }

    // ---- the end of a server

    @Test
    void disposeResetsItsClientsAndStopsListening() {
        Server server = serve(ServeTestBase::echo);
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        server.dispose();
        assertReset(client);
        server.onClose().block(LIMIT);
        assertThat(server.isDisposed()).isTrue();
        assertThatThrownBy(() -> SocketChannel.open(server.localAddress())).hasMessageContaining("refused");
        server.dispose();
    }

    /// No outside event breaks a listener, so the test does: after `shutdown(2)` of it, `accept(2)` fails.
    @Test
    void aServerWhoseListenerFailsKeepsItsConnections() {
        int[] listening = new int[1];
        Libc real = new Libc();
        Kernel kernel = (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("listen")) {
                        listening[0] = (int) arguments[0];
                    }
                    return method.invoke(real, arguments);
                });
        trale.close();
        trale = Internals.start(kernel, ExecutorOptions.defaults());
        Server server = serve(ServeTestBase::echo);
        SocketChannel client = connect(server);
        assertEcho(client, "hello");

        Support.onLoop(trale, () -> real.shutdown(listening[0], Net.SHUT_RD));

        Support.until("it is stopped", server::isDisposed);
        assertThatThrownBy(() -> SocketChannel.open(server.localAddress())).hasMessageContaining("refused");
        assertEcho(client, "again");
        Support.shutdownOutput(client);
        assertThat(Support.readAll(client)).isEmpty();
        server.onClose().block(LIMIT);
        Support.close(client);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dispose", "dispose gracefully", "close the loop"})
    void aServerWithEndlessHandlersEndsWhenItIsStopped(String how) {
        AtomicInteger served = new AtomicInteger();
        Server server = serve(c -> {
            served.incrementAndGet();
            return Mono.never();
        });
        SocketChannel client = connect(server);
        Support.until("served", () -> served.get() == 1);
        switch (how) {
            case "dispose" -> server.dispose();
            case "dispose gracefully" -> server.disposeGracefully(Duration.ofMillis(1)).block(LIMIT);
            default -> trale.close();
        }
        server.onClose().block(LIMIT);
        assertReset(client);
    }

    @Test
    void gracefulDisposeAnswersReceivedRequests() {
        Sinks.Empty<Void> gate = Sinks.empty();
        AtomicInteger served = new AtomicInteger();
        Server server = serve(c -> {
            served.incrementAndGet();
            return gate.asMono().then(echo(c));
        });
        byte[] bytes = Support.bytes(3, 50_000);
        SocketChannel client = connect(server);
        Support.write(client, bytes);
        Support.until("served", () -> served.get() == 1);
        CompletableFuture<Void> end = server.disposeGracefully(LIMIT).toFuture();
        Support.until("stopped listening", server::isDisposed);
        assertThat(end).isNotDone();
        gate.tryEmitEmpty().orThrow();
        assertThat(Support.readAll(client)).isEqualTo(bytes);
        Support.get(end);
        assertThat(failures).isEmpty();
        Support.close(client);
    }

    @Test
    void gracefulDisposeEndsAnIdleConnection() {
        Server server = serve(ServeTestBase::echo);
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        CompletableFuture<Void> end = server.disposeGracefully(LIMIT).toFuture();
        assertThat(Support.readAll(client)).isEmpty();
        Support.get(end);
        assertThat(failures).isEmpty();
        Support.close(client);
    }

    @Test
    void gracefulDisposeAbortsAfterTheGrace() {
        Server server = serve(c -> c.send(Flux.generate(sink -> sink.next(ByteBuffer.allocate(1000)))));
        SocketChannel client = connect(server); // it does not read
        Support.read(client, 1000);
        server.disposeGracefully(Duration.ofMillis(1)).block(LIMIT);
        assertReset(client);
    }

    static Stream<Duration> extremeDurations() {
        return Stream.of(Duration.ofMillis(Long.MAX_VALUE), ChronoUnit.FOREVER.getDuration(), Duration.ofSeconds(Long.MIN_VALUE));
    }

    @ParameterizedTest
    @MethodSource("extremeDurations")
    void aGraceOfAnyDurationIsAccepted(Duration grace) {
        Server server = serve(ServeTestBase::echo);
        server.disposeNow(grace);
        assertThat(server.isDisposed()).isTrue();
    }

    @Test
    void gracefulDisposeEndsWithTheLoop() {
        AtomicInteger served = new AtomicInteger();
        Server server = serve(c -> {
            served.incrementAndGet();
            return Mono.never();
        });
        SocketChannel client = connect(server);
        Support.until("served", () -> served.get() == 1);
        CompletableFuture<Void> end = server.disposeGracefully(Duration.ofDays(1)).toFuture();
        Support.until("stopped listening", server::isDisposed);
        assertThat(end).isNotDone();
        trale.close();
        Support.get(end);
        server.disposeGracefully(Duration.ofDays(1)).block(LIMIT);
        assertReset(client);
    }
}
