package io.trale.reactive.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Lease;
import io.trale.reactive.buffer.BufferLease;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/// Sources of a send that emit on their own threads, and too late.
class SendSourceTest extends ConnectionTestBase {

    /// A subscription that records the calling threads.
    static final class RecordingSubscription implements Subscription {

        final Queue<Thread> callers = new ConcurrentLinkedQueue<>();
        final CompletableFuture<Void> requested = new CompletableFuture<>();
        final CompletableFuture<Void> cancelled = new CompletableFuture<>();

        @Override
        public void request(long n) {
            callers.add(Thread.currentThread());
            requested.complete(null);
        }

        @Override
        public void cancel() {
            callers.add(Thread.currentThread());
            cancelled.complete(null);
        }
    }

    /// §2.7: calls from one thread only are serial.
    @Test
    void onlyTheLoopThreadRequestsAndCancels() {
        RecordingSubscription recording = new RecordingSubscription();
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        var send = connection.send(subscriber::complete).subscribe();
        Support.get(subscriber).onSubscribe(recording);
        Support.get(recording.requested);
        for (int i = 0; i < 100; i++) {
            Support.get(subscriber).onNext(ByteBuffer.allocate(1));
            Support.read(peer, 1);
        }
        send.dispose();
        Support.get(recording.cancelled);
        Thread loop = Support.onLoop(trale, Thread::currentThread);
        assertThat(recording.callers).hasSizeGreaterThan(2).containsOnly(loop);
    }

    @Test
    void aSourceAfterTheEndIsCancelledWithoutARequest() {
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.send(subscriber::complete).subscribe(null, end::complete);
        Support.get(subscriber);
        connection.abort();
        Support.get(end);
        RecordingSubscription recording = new RecordingSubscription();
        Support.get(subscriber).onSubscribe(recording);
        Support.get(recording.cancelled);
        assertThat(recording.requested).isNotDone();
    }

    @Test
    void aSourceAfterTheEndOfTheLoopIsCancelled() {
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.send(subscriber::complete).subscribe(null, end::complete);
        Support.get(subscriber);
        trale.close();
        assertThat(Support.get(end)).isInstanceOf(ClosedChannelException.class);
        RecordingSubscription recording = new RecordingSubscription();
        Support.get(subscriber).onSubscribe(recording);
        assertThat(recording.cancelled).isDone();
        assertThat(recording.requested).isNotDone();
    }

    /// Only the discard hook can release resources that such a source holds.
    @ParameterizedTest
    @ValueSource(strings = {"overflow", "cancelled in line", "closed in line", "failed in line", "closed before", "loop closed"})
    void aSourceThatIsNeverSubscribedToGoesToTheDiscardHook(String how) {
        switch (how) {
            case "closed before" -> connection.close().block(LIMIT);
            case "loop closed" -> trale.close();
            default -> connection.send(Flux.never()).subscribe();
        }
        if (how.equals("overflow")) {
            connection.maxPendingSends(1);
        }
        AtomicInteger subscriptions = new AtomicInteger();
        Flux<ByteBuffer> source = Flux.<ByteBuffer>empty().doOnSubscribe(s -> subscriptions.incrementAndGet());
        CompletableFuture<Object> discarded = new CompletableFuture<>();
        Disposable send = connection.send(source).doOnDiscard(Publisher.class, discarded::complete).subscribe(null, e -> { });
        switch (how) {
            case "cancelled in line" -> send.dispose();
            case "closed in line" -> connection.close().subscribe();
            case "failed in line" -> connection.abort();
            default -> { }
        }
        assertThat(Support.get(discarded)).isSameAs(source);
        assertThat(subscriptions).hasValue(0);
    }

    @Test
    void aSourceThatCompletesAfterTheCloseWasCutOff() {
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.send(subscriber::complete).subscribe(null, end::complete, () -> end.complete(null));
        RecordingSubscription recording = new RecordingSubscription();
        Subscriber<? super ByteBuffer> send = Support.get(subscriber);
        send.onSubscribe(recording);
        Support.get(recording.requested);
        send.onNext(ByteBuffer.allocate(1));
        Support.until("more is asked for", () -> recording.callers.size() > 1);
        send.onNext(ByteBuffer.allocate(8 << 20));
        Support.untilStalled(trale, 1);
        connection.close().subscribe();
        send.onNext(ByteBuffer.allocate(1));
        send.onComplete();
        assertThat(Support.readAll(peer)).hasSize(1 + (8 << 20));
        assertThat(Support.get(end)).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void elementsAfterTheEndAreDiscarded() {
        CompletableFuture<Subscriber<? super Lease>> subscriber = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.sendLeases(subscriber::complete).subscribe(null, end::complete);
        Support.get(subscriber).onSubscribe(new RecordingSubscription());
        connection.abort();
        Support.get(end);
        AtomicInteger returned = new AtomicInteger();
        try (Arena arena = Arena.ofShared()) {
            for (int i = 0; i < 10; i++) {
                Support.get(subscriber).onNext(new BufferLease(flags -> returned.incrementAndGet(), arena.allocate(8), 8, 0, false));
            }
            Support.until("all leases are back", () -> returned.get() == 10);
        }
    }

    /// An empty element waits for its turn behind others, so it counts in the window as one byte.
    @Test
    void emptyElementsDoNotExceedTheWindowDuringAStall() throws Exception {
        SimKernel kernel = new SimKernel(1).strict().socketBufferBytes(16);
        AtomicLong emitted = new AtomicLong();
        AtomicLong whileStalled = new AtomicLong();
        int all = 3 * Support.WINDOW_BYTES;
        kernel.listenOn(7, peer -> {
            peer.reading(false);
            kernel.after(1_000_000, () -> {
                whileStalled.set(emitted.get());
                peer.reading(true);
            });
        });
        SimTrale.run(kernel, ExecutorOptions.defaults(), (simulated, done) -> simulated.connect(Support.loopback(7))
                .subscribe(connection -> {
                    Flux<ByteBuffer> empty = Flux.range(0, all).map(i -> ByteBuffer.allocate(0))
                            .doOnNext(element -> emitted.incrementAndGet());
                    connection.send(Flux.just(ByteBuffer.allocate(100)).concatWith(empty)).then(connection.close())
                            .subscribe(null, null, done::set);
                }));
        assertThat(whileStalled.get()).isPositive().isLessThanOrEqualTo(Support.WINDOW_BYTES + Support.WINDOW_ELEMENTS);
        assertThat(emitted).hasValue(all);
    }

    @Test
    void aNullSourceThrows() {
        assertThatThrownBy(() -> connection.send(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> connection.sendLeases(null)).isInstanceOf(NullPointerException.class);
    }

    /// The size of elements is unknown before the first: so one is requested.
    @Test
    void theFirstRequestIsForOneElement() {
        Queue<Long> requests = new ConcurrentLinkedQueue<>();
        connection.send(Flux.range(0, 100).map(i -> ByteBuffer.allocate(1)).doOnRequest(requests::add)).block(LIMIT);
        assertThat(requests.peek()).isEqualTo(1);
        assertThat(requests).hasSizeGreaterThan(1).allMatch(n -> n <= Support.WINDOW_ELEMENTS);
    }

    @Test
    void aLargeElementReducesOnlyTheNextFewRequests() {
        int small = 10_000;
        AtomicInteger requests = new AtomicInteger();
        connection.send(Flux.range(0, 1 + small).map(i -> ByteBuffer.allocate(i == 0 ? 2 * Support.WINDOW_BYTES : 1))
                .doOnRequest(n -> requests.incrementAndGet())).block(LIMIT);
        assertThat(requests).hasValueLessThan(100 + small / (Support.WINDOW_ELEMENTS / 4));
    }
}
