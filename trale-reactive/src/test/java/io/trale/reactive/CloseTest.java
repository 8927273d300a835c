package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// The end of a loop ends everything on it, on whichever thread it begins.
class CloseTest extends ServeTestBase {

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingTheLoopEndsEverySubscription(boolean fromTheLoop) throws Exception {
        Queue<CompletableFuture<String>> ends = new ConcurrentLinkedQueue<>();
        try (ServerSocket backlog = new ServerSocket()) {
            backlog.bind(Support.loopback(0), 1);
            Server echo = serve(ServeTestBase::echo);
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
            for (int i = 0; i < 10; i++) { // the backlog holds a few of them
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

    /// An idle loop closes at once, a busy one on its last completion: two paths to the same subscriber.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOnCloseSubscriberThatThrowsDoesNotStopTheClose(boolean inFlight) {
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
    void closingInASubscriberOnTheLoopEndsInOrder() {
        Server server = serve(c -> c.receive().doOnNext(b -> trale.close()).then());
        SocketChannel client = connect(server);
        Support.write(client, new byte[1]);
        trale.onClose().block(LIMIT);
        assertReset(client);
        server.onClose().block(LIMIT);
    }

    /// The other connects complete in the same turn as the first one, whose subscriber closes the loop.
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
                assertThat(over.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).as("all subscribers have ended").isTrue();
                assertThat(failed).hasSize(count)
                        .allSatisfy(e -> assertThat(e).isInstanceOf(ClosedChannelException.class));
                for (Connection connection : connections) {
                    connection.onClose().block(LIMIT);
                }
            }
        }
    }

    @Test
    void operationsOnAClosedLoopFail() {
        InetSocketAddress address = Support.loopback(1);
        trale.close();
        StepVerifier.create(trale.bind(Support.loopback(0))).expectError(ClosedChannelException.class).verify(LIMIT);
        StepVerifier.create(trale.connect(address)).expectError(ClosedChannelException.class).verify(LIMIT);
        StepVerifier.create(trale.serve(0, ServeTestBase::echo)).expectError(ClosedChannelException.class).verify(LIMIT);
        trale.onClose().block(LIMIT);
        trale.close();
    }

    @Test
    void startingAndClosingAHundredTimesLeaksNothing() {
        for (int i = 0; i < 100; i++) {
            try (Trale one = Trale.start()) {
                if (i % 2 == 0) {
                    Server server = one.serve(Support.loopback(0), ServeTestBase::echo).block(LIMIT);
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
        Server server = serve(ServeTestBase::echo);
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
