package io.trale.reactive.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Connection;
import io.trale.reactive.Internals;
import io.trale.reactive.Lease;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.MappedKernel;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.reactive.testing.TestLease;
import io.trale.task.ExecutorOptions;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// Leases are sent without a copy and returned however the send ends: with a proxy between peers of the JDK, and with leases of
/// the test's own memory.
class SendLeasesTest extends ConnectionTestBase {

    private static final int BUFFERS = 16;

    private final MappedKernel kernel;

    SendLeasesTest() {
        MappedKernel kernel = new MappedKernel();
        super(Internals.start(kernel.kernel(), ExecutorOptions.defaults().leaseBuffers(BUFFERS, 32 << 10)));
        this.kernel = kernel;
    }

    @Override
    @AfterEach
    protected void stop() {
        super.stop();
        assertThat(kernel.mappedBytes()).isZero();
    }

    private int free() {
        return Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().leaseGroup().free());
    }

    // ---- a proxy

    private static CompletableFuture<Void> relay(Connection from, Connection to) {
        return to.sendLeases(from.receiveLeases()).then(to.shutdownOutput()).toFuture();
    }

    @Test
    void aProxyForwardsBothDirectionsAndEachHalfClose() throws Exception {
        try (Pair other = Pair.of(trale, 256 << 10)) {
            byte[] there = Support.bytes(1, 8 << 20);
            byte[] back = Support.bytes(2, 8 << 20);
            CompletableFuture<Void> forth = relay(connection, other.connection());
            CompletableFuture<Void> home = relay(other.connection(), connection);
            CompletableFuture<byte[]> got = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                Support.write(peer, there);
                Support.shutdownOutput(peer);
            });
            Thread.ofPlatform().start(() -> got.complete(Support.readAll(other.peer())));
            assertThat(Support.get(got)).isEqualTo(there);
            Support.get(forth);
            assertThat(home).as("the opposite direction").isNotDone();

            Thread.ofPlatform().start(() -> {
                Support.write(other.peer(), back);
                Support.shutdownOutput(other.peer());
            });
            assertThat(Support.readAll(peer)).isEqualTo(back);
            Support.get(home);
            assertThat(free()).isEqualTo(BUFFERS);
        }
    }

    /// No byte is copied: the send blocks are never allocated, which the first copying send would do.
    @Test
    void aProxyWithFastPeersUsesOnlyLeaseMemory() {
        try (Pair other = Pair.of(trale)) {
            relay(connection, other.connection());
            relay(other.connection(), connection);
            assertThat(free()).isEqualTo(BUFFERS);
            long mapped = kernel.mappedBytes();
            Random random = new Random(3);
            for (int i = 0; i < 300; i++) {
                byte[] message = Support.bytes(i, 1 + random.nextInt(1 << random.nextInt(15)));
                Support.write(peer, message);
                assertThat(Support.read(other.peer(), message.length)).isEqualTo(message);
                Support.write(other.peer(), message);
                assertThat(Support.read(peer, message.length)).isEqualTo(message);
            }
            assertThat(kernel.mappedBytes()).isEqualTo(mapped);
        }
    }

    @Test
    void aStalledPeerHoldsNoLeaseAndGetsEveryByte() throws Exception {
        try (Pair other = Pair.of(trale, 256 << 10)) {
            int count = 16 << 20;
            byte[] sent = Support.bytes(4, count);
            CompletableFuture<Void> end = relay(other.connection(), connection);
            Thread writer = Thread.ofPlatform().start(() -> {
                Support.write(other.peer(), sent);
                Support.shutdownOutput(other.peer());
            });
            Support.untilStalled(trale, 1); // the poll for writability, and no receive
            assertThat(free()).isEqualTo(BUFFERS);
            assertThat(end).isNotDone();
            assertThat(Support.read(peer, count)).isEqualTo(sent);
            assertThat(Support.readAll(peer)).isEmpty();
            Support.get(end);
            writer.join();
            assertThat(free()).isEqualTo(BUFFERS);
        }
    }

    @Test
    void leasesOfAnotherLoopAreReturnedToIt() {
        try (Trale second = Trale.start(ExecutorOptions.defaults().leaseBuffers(BUFFERS, 1000)); Pair other = Pair.of(second)) {
            byte[] sent = Support.bytes(5, 1 << 20);
            CompletableFuture<Void> end = relay(other.connection(), connection);
            Thread.ofPlatform().start(() -> {
                Support.write(other.peer(), sent);
                Support.shutdownOutput(other.peer());
            });
            assertThat(Support.readAll(peer)).isEqualTo(sent);
            Support.get(end);
            Support.until("they are back",
                    () -> Support.onLoop(second, () -> Internals.loop(second).reactor.pools().leaseGroup().free()) == BUFFERS);
        }
    }

    // ---- the fate of each lease

    private static List<TestLease> lent(int count, int bytes) {
        List<TestLease> lent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lent.add(new TestLease(Support.bytes(i, bytes)));
        }
        return lent;
    }

    private static void assertReturned(List<TestLease> lent) {
        assertThat(lent).extracting(TestLease::returns).containsOnly(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 500, 20_000, 100_000})
    void eachLeaseIsClosedOnceItIsSent(int bytes) {
        List<TestLease> lent = lent(50, bytes);
        CompletableFuture<Void> end = connection.sendLeases(Flux.fromIterable(lent).map(TestLease::lease)).toFuture();
        for (int i = 0; i < lent.size(); i++) {
            assertThat(Support.read(peer, bytes)).isEqualTo(Support.bytes(i, bytes));
        }
        Support.get(end);
        assertReturned(lent);
    }

    @Test
    void aClosedLeaseFailsTheSend() {
        List<TestLease> lent = lent(3, 100);
        lent.get(1).lease().close();
        CompletableFuture<Void> end = connection.sendLeases(Flux.fromIterable(lent).map(TestLease::lease)).toFuture();
        assertThatThrownBy(() -> end.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasMessageContaining("an element was freed").hasStackTraceContaining("the lease is closed");
        assertReturned(lent);
    }

    @Test
    void aLeaseClosedByItsOwnerDuringAStallIsSent() throws Exception {
        int bytes = 8 << 20;
        TestLease lent = new TestLease(Support.bytes(6, bytes));
        CompletableFuture<Void> end = connection.sendLeases(Mono.just(lent.lease())).toFuture();
        Support.untilStalled(trale, 1);
        assertThat(lent.returns()).isEqualTo(1);
        lent.lease().close();
        assertThat(Support.read(peer, bytes)).isEqualTo(Support.bytes(6, bytes));
        Support.get(end);
        assertThat(lent.returns()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancel", "abort", "reset", "close", "close the loop", "fail", "fail elsewhere"})
    void leasesAreClosedWhateverEndsTheSend(String how) throws Exception {
        Queue<TestLease> emitted = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> over = new CompletableFuture<>();
        CompletableFuture<Lease> failing = new CompletableFuture<>();
        Flux<Lease> source = Flux.<Lease>generate(sink -> {
            TestLease lent = new TestLease(new byte[10_000]);
            emitted.add(lent);
            sink.next(lent.lease());
        }).mergeWith(Mono.fromFuture(failing));
        Disposable send = connection.sendLeases(how.equals("fail elsewhere") ? source.publishOn(Schedulers.parallel()) : source)
                .doFinally(signal -> over.complete(null)).subscribe(null, failure -> { });
        Support.untilStalled(trale, 1);
        switch (how) {
            case "cancel" -> send.dispose();
            case "abort" -> connection.abort();
            case "reset" -> Support.reset(peer);
            case "close" -> connection.close().subscribe();
            case "close the loop" -> trale.close();
            default -> failing.completeExceptionally(new IllegalStateException("on purpose"));
        }
        if (how.equals("close") || how.startsWith("fail")) { // after the emitted elements
            connection.shutdownOutput().subscribe(null, failure -> { });
            Support.readAll(peer);
        }
        Support.get(over);
        Support.until("every lease is back", () -> emitted.stream().allMatch(lent -> lent.returns() == 1));
    }

    /// A source on its own thread, which emits even after a cancel.
    private static final class LateSource implements Publisher<Lease>, Subscription {

        final CompletableFuture<Subscriber<? super Lease>> subscriber = new CompletableFuture<>();
        final CompletableFuture<Void> cancelled = new CompletableFuture<>();

        @Override
        public void subscribe(Subscriber<? super Lease> subscriber) {
            subscriber.onSubscribe(this);
            this.subscriber.complete(subscriber);
        }

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {
            cancelled.complete(null);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancel", "abort", "close the loop"})
    void aLeaseEmittedAfterTheEndIsClosed(String how) {
        LateSource source = new LateSource();
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Disposable send = connection.sendLeases(source).subscribe(null, failure::complete);
        Subscriber<? super Lease> subscriber = Support.get(source.subscriber);
        switch (how) {
            case "cancel" -> send.dispose();
            case "abort" -> connection.abort();
            default -> trale.close();
        }
        Support.get(source.cancelled);
        if (!how.equals("cancel")) {
            assertThat(Support.get(failure)).isInstanceOf(ClosedChannelException.class);
        }
        List<TestLease> late = lent(2, 10);
        for (TestLease each : late) {
            subscriber.onNext(each.lease());
            Support.until("it is closed", () -> each.returns() == 1);
        }
        subscriber.onComplete();
    }
}
