package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Connection;
import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/// Demand reaches the kernel, and no byte is lost by a cancel. The peers are sockets of the JDK, so that only the connection
/// under test has operations in flight.
class ReceiveDemandTest extends ConnectionTestBase {

    /// Collects elements; requests on command.
    private static class Collector extends BaseSubscriber<ByteBuffer> {

        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final BlockingQueue<byte[]> elements = new LinkedBlockingQueue<>();
        final CompletableFuture<Void> end = new CompletableFuture<>();

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        @Override
        protected void hookOnNext(ByteBuffer element) {
            byte[] next = Support.bytesOf(element);
            bytes.writeBytes(next);
            elements.add(next);
        }

        @Override
        protected void hookOnComplete() {
            end.complete(null);
        }

        @Override
        protected void hookOnError(Throwable failure) {
            end.completeExceptionally(failure);
        }

        byte[] next() throws InterruptedException {
            byte[] next = elements.poll(Support.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(next).as("an element").isNotNull();
            return next;
        }
    }

    private void send(String text) {
        Support.write(peer, text.getBytes());
    }

    private static String text(ByteBuffer buffer) {
        return new String(Support.bytesOf(buffer));
    }

    // ---- demand

    @Test
    void withoutDemandTheLoopSleepsWhileThePeerSends() {
        Collector collector = new Collector();
        connection.receive().subscribe(collector);
        long enters = Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();

        long written = Support.fill(peer);

        assertThat(written).isPositive();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().enters()).isEqualTo(enters);
        assertThat(collector.elements).isEmpty();
    }

    @Test
    void oneReceiveIsInFlightAtAnyDemand() {
        Collector collector = new Collector();
        connection.receive().subscribe(collector);
        collector.request(1);
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isEqualTo(1);
        collector.request(1000);
        collector.requestUnbounded();
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isEqualTo(1);
    }

    @Test
    void aRequestOfOneReceivesOnceAndLeavesNothingInFlight() {
        StepVerifier.create(connection.receive(), 0)
                .then(() -> send("a"))
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isZero())
                .thenRequest(1)
                .consumeNextWith(b -> assertThat(text(b)).isEqualTo("a"))
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isZero())
                .then(() -> send("b"))
                .then(() -> assertThat(trale.stats().inFlight()).isZero())
                .thenRequest(2)
                .consumeNextWith(b -> assertThat(text(b)).isEqualTo("b"))
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isEqualTo(1))
                .then(() -> send("c"))
                .consumeNextWith(b -> assertThat(text(b)).isEqualTo("c"))
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isZero())
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void aStalledPeerContinuesWithDemandAndEveryByteArrives() throws Exception {
        int count = 32 << 20;
        byte[] sent = Support.bytes(1, count);
        Collector collector = new Collector();
        connection.receive().subscribe(collector);
        long enters = Support.asleep(trale);
        ByteBuffer rest = ByteBuffer.wrap(sent);
        peer.configureBlocking(false);
        while (peer.write(rest) > 0) {}
        assertThat(rest.remaining()).as("what did not fit into the socket buffers").isPositive();
        assertThat(trale.stats().enters()).isEqualTo(enters);
        assertThat(trale.stats().inFlight()).isZero();

        peer.configureBlocking(true);
        Thread writer = Thread.ofPlatform().start(() -> {
            Support.write(peer, Support.bytesOf(rest));
            Support.shutdownOutput(peer);
        });
        collector.request(3);
        for (int i = 0; i < 3; i++) {
            assertThat(collector.next()).isNotEmpty();
        }
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(collector.elements).isEmpty();

        collector.requestUnbounded();
        Support.get(collector.end);
        writer.join();
        assertThat(collector.bytes.toByteArray()).isEqualTo(sent);
    }

    @Test
    void requestsFromManyThreadsAddUp() throws Exception {
        int threads = 8;
        int each = 500;
        Collector collector = new Collector();
        try (Trale small = Trale.start(ExecutorOptions.defaults().receiveBuffers(16, 1)); Pair pair = Pair.of(small)) {
            pair.connection().receive().subscribe(collector);
            Support.write(pair.peer(), Support.bytes(2, threads * each + 100));
            Thread[] requesting = new Thread[threads];
            for (int i = 0; i < threads; i++) {
                requesting[i] = Thread.ofPlatform().start(() -> {
                    for (int k = 0; k < each; k++) {
                        collector.request(1);
                    }
                });
            }
            for (Thread thread : requesting) {
                thread.join();
            }
            Support.until("all that was requested", () -> collector.elements.size() >= threads * each);
            Support.asleep(small);
            assertThat(collector.elements).hasSize(threads * each);
            assertThat(small.stats().inFlight()).isZero();
        }
        assertThat(collector.bytes.toByteArray()).isEqualTo(
                Arrays.copyOf(Support.bytes(2, threads * each + 100), threads * each));
    }

    @Test
    void aRequestInsideOnNextDoesNotRecurse() {
        int count = 100_000;
        AtomicInteger depth = new AtomicInteger();
        AtomicInteger deepest = new AtomicInteger();
        AtomicInteger got = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        try (Trale small = Trale.start(ExecutorOptions.defaults().receiveBuffers(16, 1)); Pair pair = Pair.of(small)) {
            pair.connection().receive().subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    request(1);
                }

                @Override
                protected void hookOnNext(ByteBuffer element) {
                    deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
                    got.incrementAndGet();
                    request(1);
                    depth.decrementAndGet();
                }

                @Override
                protected void hookOnComplete() {
                    done.countDown();
                }
            });
            Support.write(pair.peer(), new byte[count]);
            Support.close(pair.peer());
            await(done);
        }
        assertThat(got).hasValue(count);
        assertThat(deepest).hasValue(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).as("in time").isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aNonPositiveRequestFailsAndNamesTheRule(long n) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        CountDownLatch failed = new CountDownLatch(1);
        Raw raw = new Raw(element -> { }, f -> {
            failure.set(f);
            failed.countDown();
        });
        connection.receive().subscribe(raw);
        raw.subscription.request(n);
        await(failed);
        assertThat(failure.get()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();
        send("still there");
        StepVerifier.create(connection.receive().take(1).map(ReceiveDemandTest::text))
                .expectNext("still there").expectComplete().verify(LIMIT);
    }

    /// Passes on everything unchecked, without a wrapper of Reactor.
    private static final class Raw implements CoreSubscriber<ByteBuffer> {

        private final Consumer<ByteBuffer> onNext;
        private final Consumer<Throwable> onEnd;
        volatile Subscription subscription;

        Raw(Consumer<ByteBuffer> onNext, Consumer<Throwable> onEnd) {
            this.onNext = onNext;
            this.onEnd = onEnd;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public void onNext(ByteBuffer element) {
            onNext.accept(element);
        }

        @Override
        public void onError(Throwable failure) {
            onEnd.accept(failure);
        }

        @Override
        public void onComplete() {
            onEnd.accept(null);
        }
    }

    // ---- cancel, and the next subscriber

    @Test
    void twoSubscribersReadAHeaderAndThenABody() {
        send("header");
        StepVerifier.create(connection.receive().take(1).map(ReceiveDemandTest::text))
                .expectNext("header").expectComplete().verify(LIMIT);
        send("body");
        Support.close(peer);
        StepVerifier.create(connection.receive().map(ReceiveDemandTest::text))
                .expectNext("body").expectComplete().verify(LIMIT);
    }

    /// As operators that need nothing of the first source: the second subscribes before the first has started.
    @Test
    void aSubscriberThatCancelsInOnSubscribeDoesNotReturn() throws Exception {
        Collector second = new Collector();
        Support.onLoop(trale, () -> {
            connection.receive().subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    cancel();
                    connection.receive().subscribe(second);
                    second.request(1);
                }
            });
            return null;
        });
        send("for the second");
        assertThat(new String(second.next())).isEqualTo("for the second");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void takingAFewAtATimeLosesNothing(int bufferBytes) throws Exception {
        int count = 100_000;
        byte[] sent = Support.bytes(3, count);
        Random random = new Random(4);
        try (Trale small = Trale.start(ExecutorOptions.defaults().receiveBuffers(16, bufferBytes));
                Pair pair = Pair.of(small)) {
            Thread writer = writer(pair, sent, 5);
            ByteArrayOutputStream got = new ByteArrayOutputStream();
            while (got.size() < count) {
                List<ByteBuffer> some = pair.connection().receive().take(1 + random.nextInt(200)).collectList().block(LIMIT);
                some.forEach(b -> got.writeBytes(Support.bytesOf(b)));
            }
            writer.join();
            assertThat(got.toByteArray()).isEqualTo(sent);
        }
    }

    /// Writes `bytes` in pieces of random sizes, then ends.
    private static Thread writer(Pair pair, byte[] bytes, long seed) {
        return Thread.ofPlatform().start(() -> {
            Random random = new Random(seed);
            for (int from = 0; from < bytes.length;) {
                int to = Math.min(bytes.length, from + 1 + random.nextInt(400));
                Support.write(pair.peer(), Arrays.copyOfRange(bytes, from, to));
                from = to;
            }
            Support.shutdownOutput(pair.peer());
        });
    }

    /// The subscriber cancels on another thread while data is in flight, and the next one subscribes at once.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cancellingAtRandomMomentsLosesAndDoublesNothing(boolean onTheLoop) throws Exception {
        int count = 2 << 20;
        byte[] sent = Support.bytes(6, count);
        Queue<byte[]> got = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        Random random = new Random(8);
        try (Trale small = Trale.start(ExecutorOptions.defaults().receiveBuffers(16, 1000)); Pair pair = Pair.of(small)) {
            Thread writer = writer(pair, sent, 7);
            while (!end.isDone()) { // this takes hundreds of subscriptions
                Raw raw = new Raw(b -> got.add(Support.bytesOf(b)), failure -> {
                    if (failure == null) {
                        end.complete(null);
                    } else {
                        end.completeExceptionally(failure);
                    }
                });
                pair.connection().receive().subscribe(raw);
                raw.subscription.request(1 + random.nextInt(8));
                for (int spin = random.nextInt(2000); spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                if (onTheLoop) {
                    Support.onLoop(small, () -> {
                        raw.subscription.cancel();
                        return null;
                    });
                } else {
                    raw.subscription.cancel();
                }
            }
            Support.get(end);
            writer.join();
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        got.forEach(all::writeBytes);
        assertThat(all.toByteArray()).isEqualTo(sent);
    }

    @Test
    void bytesReceivedAfterACancelGoToTheNextSubscriber() {
        leaveBytesBehind("kept");
        long submitted = Support.submitted(trale);
        StepVerifier.create(connection.receive().take(1).map(ReceiveDemandTest::text))
                .expectNext("kept").expectComplete().verify(LIMIT);
        assertThat(Support.submitted(trale)).as("entries for bytes that had been received").isEqualTo(submitted);
    }

    /// The subscriber of another connection cancels ours, whose completion follows in the same batch. There are two others: one
    /// became ready before ours and one after it, because kernels differ in which completes first.
    private void leaveBytesBehind(String text) {
        try (Pair before = Pair.of(trale); Pair after = Pair.of(trale)) {
            Raw leaving = new Raw(b -> {
                throw new AssertionError("cancelled before");
            }, f -> { });
            for (Pair other : List.of(before, after)) {
                Raw cancelling = new Raw(b -> leaving.subscription.cancel(), f -> { });
                other.connection().receive().subscribe(cancelling);
                cancelling.subscription.request(1);
            }
            connection.receive().subscribe(leaving);
            leaving.subscription.request(1);
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isEqualTo(3);
            Support.onLoop(trale, () -> {
                Support.write(before.peer(), new byte[] {1});
                send(text);
                Support.write(after.peer(), new byte[] {1});
                return null;
            });
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isZero();
        }
        Support.asleep(trale);
    }

    @Test
    void closingTheLoopFailsASubscriberWithUnreadBytes() {
        leaveBytesBehind("never asked for");
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.receive().subscribe(new Raw(b -> { }, end::complete));
        trale.close();
        assertThat(end).isCompletedWithValueMatching(ClosedChannelException.class::isInstance);
    }

    @Test
    void closingHereFailsASubscriberWithUnreadBytes() {
        leaveBytesBehind("never asked for");
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.receive().subscribe(new Raw(b -> { }, end::complete));
        connection.close().block(LIMIT);
        assertThat(end).isCompletedWithValueMatching(ClosedChannelException.class::isInstance);
    }

    /// Unlike a close, the peer's end comes after the bytes before it.
    @Test
    void unreadBytesComeBeforeThePeersEnd() {
        leaveBytesBehind("kept");
        Support.close(peer);
        StepVerifier.create(connection.receive().map(ReceiveDemandTest::text), 0)
                .thenRequest(1)
                .expectNext("kept")
                .thenRequest(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aSecondSubscriberFailsAndTheFirstContinues() {
        StepVerifier.create(connection.receive().map(ReceiveDemandTest::text))
                .then(() -> StepVerifier.create(connection.receive())
                        .expectErrorSatisfies(e -> assertThat(e).isInstanceOf(IllegalStateException.class)
                                .hasMessageContaining("has a subscriber"))
                        .verify(LIMIT))
                .then(() -> send("first"))
                .expectNext("first")
                .thenCancel()
                .verify(LIMIT);
    }

    // ---- ends

    @Test
    void thePeersEndCompletesThisAndLaterSubscribers() {
        send("last");
        Support.close(peer);
        StepVerifier.create(connection.receive().map(ReceiveDemandTest::text))
                .expectNext("last").expectComplete().verify(LIMIT);
        StepVerifier.create(connection.receive(), 0).expectComplete().verify(LIMIT);
    }

    @Test
    void aResetFailsAndNamesOperationErrorDescriptorAndPeer() {
        StepVerifier.create(connection.receive())
                .then(() -> Support.asleep(trale))
                .then(() -> Support.reset(peer))
                .expectErrorSatisfies(e -> assertReset(e, connection))
                .verify(LIMIT);
        StepVerifier.create(connection.receive())
                .expectErrorSatisfies(e -> assertReset(e, connection))
                .verify(LIMIT);
    }

    private static void assertReset(Throwable e, Connection connection) {
        assertThat(e).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("recv(")
                .hasMessageContaining("fd=" + ConnectionProbe.fd(connection))
                .hasMessageContaining(SocketAddresses.format(connection.remoteAddress()))
                .hasMessageContaining("ECONNRESET");
        assertThat(((ErrnoException) e).errno()).isEqualTo(Errno.ECONNRESET);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, Long.MAX_VALUE})
    void closingHereEndsTheSubscriberAtAnyDemand(long demand) {
        StepVerifier.create(connection.receive(), demand)
                .then(() -> Support.asleep(trale))
                .then(() -> connection.close().block(LIMIT))
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
        assertThat(Support.readAll(peer)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, Long.MAX_VALUE})
    void anAbortEndsTheSubscriberAndResetsThePeer(long demand) {
        StepVerifier.create(connection.receive(), demand)
                .then(() -> Support.asleep(trale))
                .then(() -> connection.abort())
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
        assertThatThrownBy(() -> peer.read(ByteBuffer.allocate(1))).isInstanceOf(IOException.class)
                .hasMessageContaining("reset");
    }

    @Test
    void closingTheLoopEndsTheSubscriber() {
        StepVerifier.create(connection.receive())
                .then(() -> trale.close())
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
        StepVerifier.create(connection.receive())
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
    }

    // ---- subscribers that break the rules

    @Test
    void anOnNextThatThrowsEndsOnlyItsSubscription() throws Exception {
        CompletableFuture<Throwable> dropped = new CompletableFuture<>();
        Hooks.onErrorDropped(dropped::complete);
        try (Pair other = Pair.of(trale)) {
            Collector collector = new Collector();
            other.connection().receive().subscribe(collector);
            collector.requestUnbounded();
            Raw raw = new Raw(element -> {
                throw new IllegalStateException("thrown by onNext");
            }, failure -> { });
            connection.receive().subscribe(raw);
            raw.subscription.request(10);
            send("x");
            assertThat(Support.get(dropped)).hasMessage("thrown by onNext");
            Support.write(other.peer(), "y".getBytes());
            assertThat(collector.next()).isEqualTo("y".getBytes());
            assertThat(Scannable.from(raw.subscription).scan(Scannable.Attr.TERMINATED)).isTrue();
            send("z"); // the connection still works
            StepVerifier.create(connection.receive().take(1).map(ReceiveDemandTest::text))
                    .expectNext("z").expectComplete().verify(LIMIT);
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    @Test
    void terminalSignalsThatThrowDoNotStopTheLoop() throws Exception {
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        Hooks.onErrorDropped(dropped::add);
        try (Trale other = Trale.start();
                Pair first = Pair.of(other); Pair second = Pair.of(other); Pair third = Pair.of(other)) {
            for (Pair pair : List.of(first, second)) {
                pair.connection().receive().subscribe(new Raw(element -> { }, failure -> {
                    throw new IllegalStateException("thrown by the last signal");
                }));
            }
            Support.onLoop(other, () -> null);
            first.connection().abort();
            second.connection().abort();
            Collector collector = new Collector();
            third.connection().receive().subscribe(collector);
            collector.requestUnbounded();
            Support.write(third.peer(), "y".getBytes());
            assertThat(collector.next()).isEqualTo("y".getBytes());
            assertThat(Support.onLoop(other, () -> List.copyOf(dropped))).hasSize(2);
            assertThat(other.stats().inFlight()).isEqualTo(1);
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    @Test
    void blockingOnTheLoopThrows() {
        StepVerifier.create(connection.receive().doOnNext(b -> Flux.never().blockFirst()))
                .then(() -> send("x"))
                .expectErrorSatisfies(e -> assertThat(e).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("block"))
                .verify(LIMIT);
    }

    // ---- Reactor's conventions

    @Test
    void elementsSurviveABufferOfManyAndAnotherThread() throws Exception {
        byte[] sent = Support.bytes(9, 1 << 20);
        Thread writer = writer(pair, sent, 10);
        List<ByteBuffer> all = connection.receive().publishOn(Schedulers.parallel()).collectList().block(LIMIT);
        writer.join();
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        all.forEach(b -> got.writeBytes(Support.bytesOf(b)));
        assertThat(got.toByteArray()).isEqualTo(sent);
        assertThat(all).allSatisfy(b -> {
            assertThat(b.hasArray()).isTrue();
            assertThat(b.array()).hasSize(b.remaining());
        });
    }

    @Test
    void theSubscriptionCanBeScanned() {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        Raw raw = new Raw(b -> { }, end::complete);
        Flux<ByteBuffer> receive = connection.receive();
        receive.subscribe(raw);
        Scannable flux = Scannable.from(receive);
        assertThat(flux.stepName()).isEqualTo("source(traleReceive)");
        assertThat(flux.scan(Scannable.Attr.RUN_STYLE)).isEqualTo(Scannable.Attr.RunStyle.ASYNC);
        Scannable subscription = Scannable.from(raw.subscription);
        assertThat(subscription.isScanAvailable()).isTrue();
        assertThat(subscription.scanUnsafe(Scannable.Attr.ACTUAL)).isSameAs(raw);
        assertThat(subscription.scan(Scannable.Attr.RUN_STYLE)).isEqualTo(Scannable.Attr.RunStyle.ASYNC);
        raw.subscription.request(7);
        Support.asleep(trale);
        assertThat(subscription.scan(Scannable.Attr.REQUESTED_FROM_DOWNSTREAM)).isEqualTo(7L);
        assertThat(subscription.scan(Scannable.Attr.CANCELLED)).isFalse();
        assertThat(subscription.scan(Scannable.Attr.TERMINATED)).isFalse();
        CountDownLatch busy = new CountDownLatch(1);
        Internals.loop(trale).execute(() -> await(busy));
        raw.subscription.request(2); // the loop has not seen this request yet
        assertThat(subscription.scan(Scannable.Attr.REQUESTED_FROM_DOWNSTREAM)).isEqualTo(9L);
        busy.countDown();
        raw.subscription.cancel();
        Support.asleep(trale);
        assertThat(subscription.scan(Scannable.Attr.CANCELLED)).isTrue();
        assertThat(subscription.scanUnsafe(Scannable.Attr.ACTUAL)).as("released").isNull();
        assertThat(end).isNotDone();
    }

    @Test
    void assemblyHooksSeeTheSource() {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Hooks.onEachOperator("seen", publisher -> {
            seen.add(Scannable.from(publisher).stepName());
            return publisher;
        });
        try {
            connection.receive();
            connection.send(Flux.empty());
        } finally {
            Hooks.resetOnEachOperator("seen");
        }
        assertThat(seen).contains("source(traleReceive)", "sink(traleSend)");
    }

    @Test
    void theContextOfASendReachesItsSource() {
        Flux<ByteBuffer> source = Flux.deferContextual(context ->
                Flux.just(ByteBuffer.wrap(context.<String>get("key").getBytes())));
        connection.send(source).contextWrite(context -> context.put("key", "value")).block(LIMIT);
        assertThat(Support.read(peer, 5)).isEqualTo("value".getBytes());
    }

    @Test
    void aDisposedSubscriberLeavesNothingInFlight() {
        Disposable disposable = connection.receive().subscribe();
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isEqualTo(1);
        disposable.dispose();
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
    }
}
