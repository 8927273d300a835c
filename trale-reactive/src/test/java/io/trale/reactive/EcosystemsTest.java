package io.trale.reactive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reactivex.rxjava3.core.Flowable;
import io.reactivex.rxjava3.schedulers.Schedulers;
import io.reactivex.rxjava3.subscribers.TestSubscriber;
import io.trale.reactive.codec.Lines;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.FlowAdapters;
import org.reactivestreams.Publisher;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/// Publishers and subscribers of other libraries, with RxJava 3 and `java.util.concurrent.Flow` as examples: nothing is lost,
/// and demand is as exact as with Reactor.
class EcosystemsTest extends ConnectionTestBase {

    private void write(String text) {
        Support.write(peer, text.getBytes(UTF_8));
    }

    private static String text(ByteBuffer bytes) {
        return UTF_8.decode(bytes.duplicate()).toString();
    }

    /// Asserts that no operation of the connection is in flight.
    private void assertStill() {
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();
    }

    // ---- RxJava 3

    @Test
    void aFlowableReceivesNoMoreThanItRequests() {
        TestSubscriber<ByteBuffer> subscriber = Flowable.fromPublisher(connection.receive()).test(0);
        write("one");
        assertStill();
        subscriber.assertNoValues();
        subscriber.request(1);
        subscriber.awaitCount(1);
        assertStill();
        write("two");
        assertStill();
        subscriber.assertValueCount(1);
        subscriber.request(1);
        subscriber.awaitCount(2);
        assertThat(subscriber.values()).extracting(EcosystemsTest::text).containsExactly("one", "two");
        subscriber.request(1);
        Support.until("a receive", () -> trale.stats().inFlight() == 1);
        Support.shutdownOutput(peer);
        assertThat(subscriber.awaitDone(Support.PATIENCE_SECONDS, TimeUnit.SECONDS).values()).hasSize(2);
        subscriber.assertComplete();
    }

    @Test
    void aCancelledFlowableLeavesTheBytesToTheNext() {
        TestSubscriber<ByteBuffer> subscriber = Flowable.fromPublisher(connection.receive()).test(1);
        Support.until("a receive", () -> trale.stats().inFlight() == 1);
        subscriber.cancel();
        write("for the next");
        assertThat(text(Flowable.fromPublisher(connection.receive()).blockingFirst())).isEqualTo("for the next");
    }

    @Test
    void linesOfAConnectionAreAFlowable() {
        write("a\nb\nc");
        Support.shutdownOutput(peer);
        Flux<String> lines = connection.receive().transform(Lines.of(UTF_8));
        assertThat(Flowable.fromPublisher(lines).observeOn(Schedulers.computation(), false, 1).toList().blockingGet())
                .containsExactly("a", "b", "c");
    }

    @Test
    void aFlowableIsSentInOrder() {
        byte[] bytes = Support.bytes(5, 1 << 20);
        Flowable<ByteBuffer> source = Flowable.range(0, 1024).map(i -> ByteBuffer.wrap(bytes, i << 10, 1 << 10));
        CompletableFuture<Void> sent = connection.send(source.observeOn(Schedulers.computation()))
                .then(connection.shutdownOutput()).toFuture();
        assertThat(Support.readAll(peer)).isEqualTo(bytes);
        Support.get(sent);
    }

    @Test
    void aSendRequestsNoMoreOfAFlowableThanTheWindow() {
        AtomicLong requested = new AtomicLong();
        AtomicLong emitted = new AtomicLong();
        AtomicLong most = new AtomicLong();
        Flowable<ByteBuffer> source = Flowable.<ByteBuffer>generate(emitter -> emitter.onNext(ByteBuffer.allocate(1 << 10)))
                .doOnRequest(n -> most.accumulateAndGet(requested.addAndGet(n) - emitted.get(), Math::max))
                .doOnNext(element -> emitted.incrementAndGet());
        Disposable send = connection.send(source).subscribe();
        assertStalls(emitted);
        assertThat(most).hasValueLessThanOrEqualTo(Support.WINDOW_ELEMENTS);
        long stalledAt = emitted.get();
        Support.read(peer, 2 << 20);
        Support.until("it goes on", () -> emitted.get() > stalledAt);
        send.dispose();
    }

    /// Waits until the peer takes no more and nothing is emitted any more.
    private void assertStalls(AtomicLong emitted) {
        Support.untilStalled(trale, 1);
        long count = emitted.get();
        Support.untilStalled(trale, 1);
        assertThat(emitted).hasValue(count);
    }

    // ---- java.util.concurrent.Flow

    /// Requests one element on command.
    private static final class FlowSubscriber implements Flow.Subscriber<ByteBuffer> {
        final Queue<String> received = new ConcurrentLinkedQueue<>();
        final CompletableFuture<Void> end = new CompletableFuture<>();
        volatile Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public void onNext(ByteBuffer bytes) {
            received.add(text(bytes));
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

    static Stream<Named<Function<Publisher<ByteBuffer>, Flow.Publisher<ByteBuffer>>>> toFlow() {
        return Stream.of(Named.of("Reactor", JdkFlowAdapter::publisherToFlowPublisher),
                Named.of("Reactive Streams", FlowAdapters::toFlowPublisher));
    }

    static Stream<Named<Function<Flow.Publisher<ByteBuffer>, Publisher<ByteBuffer>>>> fromFlow() {
        return Stream.of(Named.of("Reactor", JdkFlowAdapter::flowPublisherToFlux),
                Named.of("Reactive Streams", FlowAdapters::toPublisher));
    }

    @ParameterizedTest
    @MethodSource("toFlow")
    void aFlowSubscriberReceivesNoMoreThanItRequests(Function<Publisher<ByteBuffer>, Flow.Publisher<ByteBuffer>> adapter) {
        FlowSubscriber subscriber = new FlowSubscriber();
        adapter.apply(connection.receive()).subscribe(subscriber);
        write("one");
        assertStill();
        assertThat(subscriber.received).isEmpty();
        subscriber.subscription.request(1);
        Support.until("an element", () -> subscriber.received.size() == 1);
        write("two");
        assertStill();
        assertThat(subscriber.received).containsExactly("one");
        subscriber.subscription.request(2);
        Support.until("an element", () -> subscriber.received.size() == 2);
        Support.shutdownOutput(peer);
        Support.get(subscriber.end);
        assertThat(subscriber.received).containsExactly("one", "two");
    }

    @ParameterizedTest
    @MethodSource("fromFlow")
    void aSubmissionPublisherIsSentInOrder(Function<Flow.Publisher<ByteBuffer>, Publisher<ByteBuffer>> adapter) {
        byte[] bytes = Support.bytes(6, 1 << 20);
        SubmissionPublisher<ByteBuffer> source = new SubmissionPublisher<>(Thread::startVirtualThread, 4);
        CompletableFuture<Void> sent =
                connection.send(adapter.apply(source)).then(connection.shutdownOutput()).toFuture();
        Support.until("it is subscribed", () -> source.getNumberOfSubscribers() == 1);
        CompletableFuture<byte[]> received =
                CompletableFuture.supplyAsync(() -> Support.readAll(peer), Thread::startVirtualThread);
        for (int i = 0; i < 1024; i++) {
            source.submit(ByteBuffer.wrap(bytes, i << 10, 1 << 10)); // blocks while the peer is behind
        }
        source.close();
        assertThat(Support.get(received)).isEqualTo(bytes);
        Support.get(sent);
    }

    @ParameterizedTest
    @MethodSource("fromFlow")
    void aPeerThatDoesNotReadBlocksASubmissionPublisher(Function<Flow.Publisher<ByteBuffer>, Publisher<ByteBuffer>> adapter) {
        int capacity = 4;
        try (SubmissionPublisher<ByteBuffer> source = new SubmissionPublisher<>(Thread::startVirtualThread, capacity)) {
            Disposable send = connection.send(adapter.apply(source)).subscribe();
            Support.until("it is subscribed", () -> source.getNumberOfSubscribers() == 1);
            Support.until("the peer is full, so is the buffer, and nobody asks", () -> {
                while (source.offer(ByteBuffer.allocate(16 << 10), null) >= 0) {}
                Support.asleep(trale);
                return trale.stats().inFlight() == 1 && source.estimateMinimumDemand() == -capacity;
            });
            Support.read(peer, 2 << 20);
            Support.until("it goes on", () -> source.estimateMaximumLag() < capacity);
            send.dispose();
        }
    }
}
