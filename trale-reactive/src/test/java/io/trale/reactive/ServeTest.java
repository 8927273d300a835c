package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import io.trale.reactive.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/// Servers and listeners from the first connection to the last descriptor: clients of the JDK, polite and rude, handlers
/// that fail in every way, and after each test as many open descriptors as before it, and no thread of a loop.
@Timeout(60)
class ServeTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);
    private static final int RUDE = Support.TORTURE ? 10_000 : 2_000;

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private Trale trale;
    private int descriptorsBefore;

    /// Opens what is opened once in the life of the process.
    @BeforeAll
    static void warmUp() {
        try (Trale trale = Trale.start()) {
            Server server = trale.serve(Support.loopback(0), ServeTest::echo).block(LIMIT);
            assertEcho(server);
            server.disposeNow(LIMIT);
        }
    }

    @BeforeEach
    void start() {
        descriptorsBefore = Support.descriptors();
        trale = Trale.start();
    }

    @AfterEach
    void stop() {
        trale.close();
        assertNothingIsLeft();
        assertThat(trale.stats().unknown()).isZero();
    }

    private void assertNothingIsLeft() {
        Support.untilDescriptors(descriptorsBefore);
        Support.until("no thread of a loop",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(t -> t instanceof Loop.LoopThread));
        assertThat(trale.stats().inFlight()).isZero();
    }

    private static Mono<Void> echo(Connection connection) {
        return connection.send(connection.receive());
    }

    private Server serve(Function<? super Connection, ? extends Publisher<Void>> handler) {
        return serve(handler, ServeOptions.defaults());
    }

    private Server serve(Function<? super Connection, ? extends Publisher<Void>> handler, ServeOptions options) {
        return trale.serve(Support.loopback(0), handler, options.onConnectionError((c, failure) -> failures.add(failure)))
                .block(LIMIT);
    }

    private static SocketChannel connect(Server server) {
        return connect(server.localAddress());
    }

    private static SocketChannel connect(SocketAddress address) {
        try {
            return SocketChannel.open(address);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// An ordinary client is served.
    private static void assertEcho(Server server) {
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        Support.shutdownOutput(client);
        assertThat(Support.readAll(client)).isEmpty();
        Support.close(client);
    }

    private static void assertEcho(SocketChannel client, String text) {
        Support.write(client, text.getBytes());
        assertThat(new String(Support.read(client, text.length()))).isEqualTo(text);
    }

    private static void assertReset(SocketChannel client) {
        assertThatThrownBy(() -> {
            while (client.read(ByteBuffer.allocate(100)) >= 0) {}
        }).isInstanceOf(IOException.class).hasMessageContaining("reset");
        Support.close(client);
    }

    // ---- how many

    @Test
    void oneClientTooManyIsConnectedButNotServedUntilAnotherLeaves() {
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
    void aHandlerThatNeverEndsFreesItsPlaceWhenItsConnectionIsClosed() {
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
        }, ServeOptions.defaults().maxConnections(1)); // so that the next is served only if the failed one is gone
        for (int i = 1; i <= 3; i++) {
            SocketChannel client = connect(server);
            if (how.equals("fails after some data")) {
                Support.write(client, new byte[1]);
            }
            assertReset(client);
            int reported = i;
            Support.until("the failure is reported", () -> failures.size() == reported);
            assertEcho(server);
        }
        assertThat(failures).allSatisfy(failure -> assertThat(failure)
                .isInstanceOfAny(IllegalArgumentException.class, NullPointerException.class)
                .hasMessage(how.equals("returns null") ? "the handler returned null" : FAILURE.getMessage()));
    }

    @Test
    void withoutAHandlerNoServerIsStarted() {
        assertThatThrownBy(() -> trale.serve(0, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> trale.serve(Support.loopback(0), null)).isInstanceOf(NullPointerException.class);
    }

    /// The log has only these at debug level: what a handler wanted from elsewhere, and could not have, is news.
    @Test
    void onlyTheEndOfAConnectionIsOrdinary() {
        assertThat(List.of(new ErrnoException("recv", Errno.ECONNRESET), new ErrnoException("send", Errno.EPIPE),
                new ClosedChannelException())).allMatch(ServeOptions::isOrdinary);
        assertThat(List.of(new ErrnoException("open", Errno.ENOENT), new ErrnoException("connect", Errno.ECONNREFUSED),
                new ErrnoException("socket", Errno.EMFILE), new IOException(), FAILURE)).noneMatch(ServeOptions::isOrdinary);
    }

    @Test
    void aReportThatThrowsStopsNothing() {
        List<Throwable> uncaught = new ArrayList<>();
        trale.close();
        trale = Trale.start(ExecutorOptions.defaults().uncaught(uncaught::add));
        AtomicInteger calls = new AtomicInteger();
        Server server = trale.serve(Support.loopback(0), c -> calls.getAndIncrement() < 3 ? Mono.error(FAILURE) : echo(c),
                ServeOptions.defaults().maxConnections(1).onConnectionError((c, failure) -> {
                    throw new IllegalStateException("the report failed");
                })).block(LIMIT);
        for (int i = 0; i < 3; i++) {
            assertReset(connect(server));
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
    void rudeClientsLeaveNothingBehindAndTheServerGoesOn() throws Exception {
        int threads = 4;
        Server server = serve(ServeTest::echo);
        assertEcho(server);
        Support.asleep(trale);
        int before = Support.descriptors();
        long inFlight = trale.stats().inFlight();
        Queue<Throwable> broken = new ConcurrentLinkedQueue<>();
        List<Thread> clients = IntStream.range(0, threads).mapToObj(t -> Thread.ofPlatform().start(() -> {
            Random random = new Random(t);
            try {
                for (int i = 0; i < RUDE / threads; i++) {
                    // A stall moves megabytes: not each time.
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
    void aClientThatIsKilledInMidTransferIsNoticed() throws Exception {
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

    // ---- addresses that cannot be had

    @Test
    void aPortInUseIsAnErrorThatNamesTheAddress() {
        Server server = serve(ServeTest::echo);
        SocketAddress address = server.localAddress();
        Support.asleep(trale);
        int before = Support.descriptors();
        for (int i = 0; i < 10; i++) {
            StepVerifier.create(trale.serve(address, ServeTest::echo)).expectErrorSatisfies(e -> {
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
    void aRefusedConnectIsAnErrorThatNamesTheAddress() throws Exception {
        InetSocketAddress nobody;
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(Support.loopback(0));
            nobody = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        for (int i = 0; i < 10; i++) {
            StepVerifier.create(trale.connect(nobody)).expectErrorSatisfies(e -> {
                assertThat(e).isInstanceOf(ErrnoException.class).hasMessageContaining("connect(127.0.0.1:" + nobody.getPort() + ")")
                        .hasMessageContaining("ECONNREFUSED");
            }).verify(LIMIT);
        }
    }

    @Test
    void connectsThatAreCancelledLeaveNoDescriptor() {
        Support.asleep(trale);
        int before = Support.descriptors();
        Server server = serve(ServeTest::echo);
        Random random = new Random(2);
        for (int i = 0; i < 2000; i++) {
            Taker taker = new Taker(Connection::abort); // also when it comes after the cancel, which it may
            trale.connect(server.localAddress()).subscribe(taker);
            taker.subscription.request(1);
            for (int spin = random.nextInt(5000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            taker.subscription.cancel();
        }
        server.dispose();
        server.onClose().block(LIMIT);
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
        Support.untilDescriptors(before);
    }

    // ---- the end of a server

    @Test
    void disposeResetsItsClientsAndStopsListening() {
        Server server = serve(ServeTest::echo);
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        server.dispose();
        assertReset(client);
        server.onClose().block(LIMIT);
        assertThat(server.isDisposed()).isTrue();
        assertThatThrownBy(() -> SocketChannel.open(server.localAddress())).hasMessageContaining("refused");
        server.dispose();
    }

    /// Nothing from outside spoils a listener for good, so the kernel is told to: `shutdown(2)` of it makes `accept(2)` fail.
    @Test
    void aServerWhoseListenerFailsGoesOnWithWhomItHas() {
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
        trale = Trale.start(kernel, ExecutorOptions.defaults());
        Server server = serve(ServeTest::echo);
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
    void aServerWhoseHandlersNeverEndComesToItsEnd(String how) {
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
    void disposingGracefullyAnswersWhatWasReceivedAndWaitsForIt() {
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
    void disposingGracefullyEndsAConnectionThatIsIdle() {
        Server server = serve(ServeTest::echo);
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        CompletableFuture<Void> end = server.disposeGracefully(LIMIT).toFuture();
        assertThat(Support.readAll(client)).isEmpty();
        Support.get(end);
        assertThat(failures).isEmpty();
        Support.close(client);
    }

    @Test
    void aGraceThatIsOverEndsInAnAbort() {
        Server server = serve(c -> c.send(Flux.generate(sink -> sink.next(ByteBuffer.allocate(1000)))));
        SocketChannel client = connect(server); // which does not read
        Support.read(client, 1000);
        server.disposeGracefully(Duration.ofMillis(1)).block(LIMIT);
        assertReset(client);
    }

    @Test
    void aGraceThatOutlivesTheLoopEndsWithIt() {
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

    // ---- accept

    /// Asks for as many connections as it is told.
    private static final class Taker implements CoreSubscriber<Connection> {

        private final Consumer<Connection> onNext;
        final Queue<Connection> taken = new ConcurrentLinkedQueue<>();
        final CompletableFuture<Void> end = new CompletableFuture<>();
        volatile Subscription subscription;

        Taker() {
            this(connection -> { });
        }

        Taker(Consumer<Connection> onNext) {
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

    @Test
    void asManyAreAcceptedAsWereAskedForAndTheOthersWait() {
        int count = 60;
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        Taker taker = new Taker();
        listener.accept().subscribe(taker);
        List<SocketChannel> clients = IntStream.range(0, count).mapToObj(i -> connect(listener.localAddress())).toList();
        Support.asleep(trale);
        int before = Support.descriptors();
        assertThat(trale.stats().inFlight()).isZero();
        int asked = 0;
        for (int n : new int[] {1, 2, 20, 17}) {
            asked += n;
            int expected = asked;
            taker.subscription.request(n);
            Support.until("as many as asked for", () -> taker.taken.size() >= expected);
            Support.asleep(trale);
            assertThat(taker.taken).hasSize(asked);
            assertThat(Support.descriptors()).isEqualTo(before + asked);
            assertThat(trale.stats().inFlight()).isZero();
        }
        taker.subscription.request(Long.MAX_VALUE);
        Support.until("all", () -> taker.taken.size() == count);
        listener.dispose();
        Support.get(taker.end);
        Connection last = List.copyOf(taker.taken).getLast();
        SocketChannel client = clients.getLast();
        last.send(Mono.just(ByteBuffer.wrap("first come".getBytes()))).block(LIMIT);
        assertThat(new String(Support.read(client, 10))).isEqualTo("first come");
        taker.taken.forEach(Connection::abort);
        clients.forEach(Support::close);
    }

    @Test
    void acceptingAgainAfterACancelLosesNobody() throws Exception {
        int count = 1000;
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        Set<SocketAddress> addresses = new HashSet<>();
        List<SocketChannel> clients = new ArrayList<>();
        Thread connecting = Thread.ofPlatform().start(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    SocketChannel client = connect(listener.localAddress());
                    clients.add(client);
                    addresses.add(client.getLocalAddress());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Random random = new Random(4);
        List<Connection> taken = new ArrayList<>();
        int subscriptions = 0;
        while (taken.size() < count) {
            Taker taker = new Taker();
            listener.accept().subscribe(taker);
            taker.subscription.request(random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(5));
            for (int spin = random.nextInt(3000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            taker.subscription.cancel();
            Support.onLoop(trale, () -> null);
            taken.addAll(taker.taken);
            subscriptions++;
        }
        connecting.join();
        assertThat(taken).extracting(Connection::remoteAddress).doesNotHaveDuplicates().hasSameElementsAs(addresses);
        assertThat(subscriptions).isGreaterThan(10);
        taken.forEach(Connection::abort);
        clients.forEach(Support::close);
        listener.dispose();
    }

    /// A subscriber of something else cancels that of `listener`, whose completion is in the same batch with its own.
    private SocketChannel acceptForNobody(Listener listener) {
        try (Pair other = Pair.of(trale)) {
            Taker taker = new Taker();
            other.connection().receive().subscribe(b -> taker.subscription.cancel());
            listener.accept().subscribe(taker);
            taker.subscription.request(1);
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isEqualTo(2);
            SocketChannel client = Support.onLoop(trale, () -> {
                Support.write(other.peer(), new byte[1]);
                return connect(listener.localAddress());
            });
            Support.untilStalled(trale, 1);
            assertThat(taker.taken).isEmpty();
            return client;
        }
    }

    @Test
    void aConnectionAcceptedForNobodyIsTheNextOnes() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        SocketChannel client = acceptForNobody(listener);
        Taker taker = new Taker();
        listener.accept().subscribe(taker);
        Support.asleep(trale);
        assertThat(taker.taken).isEmpty();
        long submitted = trale.stats().submitted();
        taker.subscription.request(1);
        Support.until("it is there", () -> taker.taken.size() == 1);
        assertThat(trale.stats().submitted()).as("no accept was needed").isEqualTo(submitted);
        taker.taken.forEach(Connection::abort);
        assertReset(client);
    }

    @Test
    void aConnectionAcceptedForNobodyIsResetWhenTheListenerCloses() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        SocketChannel client = acceptForNobody(listener);
        listener.dispose();
        listener.onClose().block(LIMIT);
        assertReset(client);
    }

    @Test
    void aSecondAcceptIsRefused() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        listener.accept().subscribe(new Taker());
        StepVerifier.create(listener.accept()).expectError(IllegalStateException.class).verify(LIMIT);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void aRequestThatIsNotPositiveEndsAcceptWithAnErrorThatNamesTheRule(long n) {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        Taker taker = new Taker();
        listener.accept().subscribe(taker);
        taker.subscription.request(n);
        assertThatThrownBy(() -> taker.end.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
    }

    @Test
    void connectionsThatOperatorsDiscardAreClosedByTheHookAtTheEndOfThePipeline() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        Disposable nobody = listener.accept().filter(c -> false).doOnDiscard(Connection.class, Connection::abort)
                .subscribe();
        for (int i = 0; i < 5; i++) {
            assertReset(connect(listener.localAddress()));
        }
        nobody.dispose();
    }

    // ---- the end of everything

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingTheLoopEndsEverySubscription(boolean fromTheLoop) throws Exception {
        Queue<CompletableFuture<String>> ends = new ConcurrentLinkedQueue<>();
        try (ServerSocket backlog = new ServerSocket()) {
            backlog.bind(Support.loopback(0), 1);
            Server echo = serve(ServeTest::echo);
            Server never = serve(c -> Mono.never());
            Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
            ends.add(end(echo.onClose()));
            ends.add(end(never.onClose()));
            ends.add(end(listener.onClose()));
            ends.add(end(listener.accept().then()));
            List<Pair> pairs = new ArrayList<>();
            List<SocketChannel> clients = List.of(connect(echo), connect(never), connect(listener.localAddress()));
            assertEcho(clients.get(0), "hello");
            for (int demand : new int[] {0, 1, Integer.MAX_VALUE}) {
                Pair pair = Pair.of(trale);
                pairs.add(pair);
                CompletableFuture<String> end = new CompletableFuture<>();
                ends.add(end);
                pair.connection().receive().subscribe(new BaseSubscriber<>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {
                        if (demand > 0) {
                            request(demand);
                        }
                    }

                    @Override
                    protected void hookOnError(Throwable failure) {
                        end.complete(failure.getClass().getSimpleName());
                    }
                });
                ends.add(end(pair.connection().onClose()));
            }
            Pair stalled = Pair.of(trale, 4096);
            pairs.add(stalled);
            ends.add(end(stalled.connection().send(Flux.generate(sink -> sink.next(ByteBuffer.allocate(1000))))));
            ends.add(end(stalled.connection().send(Flux.never())));
            ends.add(end(stalled.connection().shutdownOutput()));
            ends.add(end(stalled.connection().close()));
            for (int i = 0; i < 10; i++) { // of which the backlog takes a few
                ends.add(end(trale.connect((InetSocketAddress) backlog.getLocalSocketAddress())
                        .flatMap(Connection::onClose)));
            }
            Support.asleep(trale);
            if (fromTheLoop) {
                Support.onLoop(trale, () -> {
                    trale.close();
                    return null;
                });
            } else {
                trale.close();
            }
            trale.onClose().block(LIMIT);
            ends.forEach(Support::get);
            pairs.forEach(Pair::close);
            clients.forEach(Support::close);
        }
    }

    private static CompletableFuture<String> end(Mono<?> mono) {
        CompletableFuture<String> end = new CompletableFuture<>();
        mono.subscribe(value -> { }, failure -> end.complete(failure.getClass().getSimpleName()),
                () -> end.complete("complete"));
        return end;
    }

    /// Closed at once when idle, else on the last completion: two ways to the same subscriber.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSubscriberOfOnCloseThatThrowsStopsNothing(boolean inFlight) {
        Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
        try (Trale other = Trale.start(ExecutorOptions.defaults().uncaught(uncaught::add));
                Pair closed = Pair.of(other); Pair open = Pair.of(other)) {
            CompletableFuture<String> before = end(closed.connection().onClose());
            closed.connection().onClose().subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnComplete() {
                    throw new IllegalStateException("thrown by onComplete");
                }

                @Override
                protected void hookOnError(Throwable failure) {
                    throw new IllegalStateException("thrown by onError");
                }
            });
            if (inFlight) {
                closed.connection().receive().subscribe(b -> { }, failure -> { });
            }
            Support.asleep(other);
            closed.connection().abort();
            assertThat(Support.get(before)).isEqualTo("complete");
            open.connection().send(Mono.just(ByteBuffer.wrap("hello".getBytes()))).block(LIMIT);
            assertThat(Support.read(open.peer(), 5)).isEqualTo("hello".getBytes());
            assertThat(uncaught).isNotEmpty();
        }
    }

    @Test
    void closingInASubscriberOfTheLoopEndsInOrder() {
        Server server = serve(c -> c.receive().doOnNext(b -> trale.close()).then());
        SocketChannel client = connect(server);
        Support.write(client, new byte[1]);
        trale.onClose().block(LIMIT);
        assertReset(client);
        server.onClose().block(LIMIT);
    }

    /// The others' connects complete in the same turn as the first one's, whose subscriber closes the loop.
    @Test
    void closingInTheFirstOfManyConnectsLeavesNoneOpen() throws Exception {
        for (int round = 0; round < 20; round++) {
            Queue<Connection> connections = new ConcurrentLinkedQueue<>();
            Queue<Throwable> failed = new ConcurrentLinkedQueue<>();
            int count = 50;
            CountDownLatch over = new CountDownLatch(count);
            Trale closing = Trale.start();
            try (ServerSocket server = new ServerSocket()) {
                server.bind(Support.loopback(0), 200);
                InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
                Support.onLoop(closing, () -> {
                    for (int i = 0; i < count; i++) {
                        closing.connect(address)
                                .flatMap(c -> {
                                    connections.add(c);
                                    if (connections.size() == 1) {
                                        closing.close();
                                    }
                                    return c.send(Flux.just(ByteBuffer.allocate(10)).concatWith(Flux.never()));
                                })
                                .doFinally(signal -> over.countDown())
                                .subscribe(null, failed::add);
                    }
                    return null;
                });
                closing.onClose().block(LIMIT);
                assertThat(over.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).as("all are told").isTrue();
                assertThat(failed).hasSize(count)
                        .allSatisfy(e -> assertThat(e).isInstanceOf(ClosedChannelException.class));
                for (Connection connection : connections) {
                    connection.onClose().block(LIMIT);
                }
            }
        }
    }

    @Test
    void whatIsAskedOfAClosedLoopFails() {
        InetSocketAddress address = Support.loopback(1);
        trale.close();
        StepVerifier.create(trale.bind(Support.loopback(0))).expectError(ClosedChannelException.class).verify(LIMIT);
        StepVerifier.create(trale.connect(address)).expectError(ClosedChannelException.class).verify(LIMIT);
        StepVerifier.create(trale.serve(0, ServeTest::echo)).expectError(ClosedChannelException.class).verify(LIMIT);
        trale.onClose().block(LIMIT);
        trale.close();
    }

    @Test
    void startingAndClosingAHundredTimesLeavesNothing() {
        for (int i = 0; i < 100; i++) {
            try (Trale one = Trale.start()) {
                if (i % 2 == 0) {
                    Server server = one.serve(Support.loopback(0), ServeTest::echo).block(LIMIT);
                    SocketChannel client = connect(server);
                    assertEcho(client, "hello");
                    Support.close(client);
                }
            }
        }
        trale.close();
        assertNothingIsLeft();
    }

    @Test
    void manyThreadsMayCloseAtOnce() throws Exception {
        Server server = serve(ServeTest::echo);
        SocketChannel client = connect(server);
        assertEcho(client, "hello");
        List<Thread> closing = IntStream.range(0, 8).mapToObj(i -> Thread.ofPlatform().start(() -> trale.close())).toList();
        for (Thread thread : closing) {
            thread.join();
        }
        assertReset(client);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        trale.onClose().doOnError(failure::set).block(LIMIT);
        assertThat(failure.get()).isNull();
    }
}
