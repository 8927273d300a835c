package io.trale.reactive.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Scannable;
import reactor.core.Scannable.Attr;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.util.RaceTestUtils;

/// The demand of a view, and its treatment of signals at any time. Tested with lines; all views share the code.
@Timeout(60)
class DecodingTest {

    private static final Lines LINES = Lines.of(UTF_8);

    private static ByteBuffer chunk(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    // ---- demand

    /// Emits a chunk at once for each one requested, and completes right after the last.
    private static final class CountingSource implements Publisher<ByteBuffer>, Subscription {
        private final List<String> chunks;
        private Subscriber<? super ByteBuffer> subscriber;
        int emitted;
        boolean cancelled;

        CountingSource(List<String> chunks) {
            this.chunks = chunks;
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            assertThat(n).isEqualTo(1);
            assertThat(emitted).as("requested no more than there is").isLessThan(chunks.size());
            String next = chunks.get(emitted++);
            boolean last = emitted == chunks.size();
            subscriber.onNext(chunk(next));
            if (last && !cancelled) {
                subscriber.onComplete();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    /// Records signals; requests nothing by itself.
    static final class RecordingSubscriber<T> extends BaseSubscriber<T> {
        final List<T> elements = Collections.synchronizedList(new ArrayList<>());
        Subscription subscription;
        volatile Throwable failure;
        boolean complete;

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        protected void hookOnNext(T element) {
            elements.add(element);
        }

        @Override
        protected void hookOnComplete() {
            complete = true;
        }

        @Override
        protected void hookOnError(Throwable thrown) {
            failure = thrown;
        }
    }

    /// The number of `chunks` that must arrive before there are `count` lines; all of them if there are fewer.
    private static int needed(List<String> chunks, long count) {
        StringBuilder text = new StringBuilder();
        int taken = 0;
        while (taken < chunks.size() && text.chars().filter(c -> c == '\n').count() < count) {
            text.append(chunks.get(taken++));
        }
        return taken;
    }

    @Test
    void requestsOnlyTheChunksThatTheDemandNeeds() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 2000; round++) {
            List<String> chunks = new ArrayList<>();
            for (int i = random.nextInt(1, 10); i > 0; i--) {
                StringBuilder chunk = new StringBuilder();
                random.ints(random.nextInt(8), 0, 3).forEach(c -> chunk.append(c == 0 ? '\n' : 'x'));
                chunks.add(chunk.toString());
            }
            String all = String.join("", chunks);
            List<String> expected = all.lines().toList(); // no carriage returns in the text
            CountingSource source = new CountingSource(chunks);
            RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
            Flux.from(source).transform(LINES).subscribe(subscriber);
            assertThat(source.emitted).as("no demand").isZero();
            for (long wanted = 0; !subscriber.complete;) {
                long more = random.nextInt(1, 4);
                subscriber.request(more);
                wanted += more;
                assertThat(source.emitted).as("%s, demand %d", chunks, wanted).isEqualTo(needed(chunks, wanted));
                assertThat(subscriber.elements).isEqualTo(expected.subList(0, (int) Math.min(wanted, expected.size())));
            }
            assertThat(subscriber.elements).as("%s", chunks).isEqualTo(expected);
        }
    }

    @Test
    void manyRequestsRequestOneChunk() {
        RuleBreakingSource source = new RuleBreakingSource();
        RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
        Flux.from(source).transform(LINES).subscribe(subscriber);
        subscriber.request(1);
        subscriber.request(1);
        subscriber.requestUnbounded();
        assertThat(source.requested).isEqualTo(1);
        source.subscriber.onNext(chunk("a\nb"));
        assertThat(source.requested).isEqualTo(2);
        assertThat(subscriber.elements).containsExactly("a");
    }

    @Test
    void completesWithoutDemandIfNothingIsLeft() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        StepVerifier.create(source.flux().transform(LINES), 2)
                .then(() -> source.next(chunk("a\nb\n")))
                .expectNext("a", "b")
                .then(source::complete)
                .verifyComplete();
        source.assertMaxRequested(1);
    }

    @Test
    void theLastLineWaitsForDemandAndTheEndForTheLastLine() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        StepVerifier.create(source.flux().transform(LINES), 1)
                .then(() -> source.next(chunk("a\nb\nc")).complete())
                .expectNext("a")
                .thenRequest(1)
                .expectNext("b")
                .thenRequest(1)
                .expectNext("c")
                .verifyComplete();
    }

    @Test
    void aTooLongLineFailsWhenThereIsDemand() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        StepVerifier.create(source.flux().transform(LINES.maxLength(1)), 1)
                .then(() -> source.next(chunk("a\nbb\n")))
                .expectNext("a")
                .thenRequest(1)
                .verifyError(ProtocolException.class);
        source.assertCancelled();
    }

    @Test
    void aFailureComesAfterCompleteElementsOnly() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        StepVerifier.create(source.flux().transform(LINES), 0)
                .thenRequest(1)
                .then(() -> source.next(chunk("a\nb\nc")).error(new IllegalStateException("on purpose")))
                .expectNext("a")
                .thenRequest(5)
                .expectNext("b")
                .verifyErrorMessage("on purpose");
    }

    @Test
    void nothingIsSignalledBeforeOnSubscribeReturns() {
        List<String> seen = new ArrayList<>();
        Flux.from(new CountingSource(List.of("a\nb\n"))).transform(LINES).subscribe(new BaseSubscriber<String>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1); // the source answers at once
                seen.add("greeted");
            }

            @Override
            protected void hookOnNext(String line) {
                seen.add(line);
            }
        });
        assertThat(seen).containsExactly("greeted", "a");
    }

    @Test
    void aRequestInsideOnNextDoesNotRecurse() {
        int count = 100_000;
        int[] depth = new int[2];
        Flux.from(new CountingSource(List.of("x\n".repeat(count)))).transform(LINES).subscribe(new BaseSubscriber<String>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(String line) {
                depth[0]++;
                depth[1] = Math.max(depth[1], depth[0]);
                request(1);
                depth[0]--;
            }
        });
        assertThat(depth[1]).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aNonPositiveRequestFails(long n) {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
        source.flux().transform(LINES).subscribe(subscriber);
        subscriber.subscription.request(n);
        assertThat(subscriber.failure).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
        source.assertCancelled();
    }

    // ---- what is not wanted any more

    @Test
    void aCancelDiscardsTheRestOfTheChunk() {
        List<Object> discarded = new ArrayList<>();
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        RecordingSubscriber<ByteBuffer> subscriber = new RecordingSubscriber<>();
        source.flux().transform(Frames.lengthPrefixed(1)).doOnDiscard(Object.class, discarded::add).subscribe(subscriber);
        subscriber.request(1);
        source.next(ByteBuffer.wrap(new byte[] {1, 10, 1, 11, 1, 12}));
        assertThat(subscriber.elements).containsExactly(ByteBuffer.wrap(new byte[] {10}));
        subscriber.cancel();
        source.assertCancelled();
        assertThat(discarded).containsExactly(ByteBuffer.wrap(new byte[] {1, 11, 1, 12}));
    }

    /// §2.13 forbids it. The chunk is already there, so the subscriber's own request signals it, not the source.
    @Test
    void aSubscriberThatThrowsIsTreatedAsCancelled() {
        IllegalStateException thrown = new IllegalStateException("on purpose");
        List<Throwable> dropped = new ArrayList<>();
        Consumer<Throwable> hook = dropped::add;
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        List<Subscription> greeted = new ArrayList<>();
        source.flux().transform(LINES)
                .contextWrite(context -> context.put("reactor.onErrorDropped.local", hook))
                .subscribe(new Subscriber<>() {
                    @Override
                    public void onSubscribe(Subscription subscription) {
                        greeted.add(subscription);
                        subscription.request(1);
                    }

                    @Override
                    public void onNext(String line) {
                        if (line.equals("b")) {
                            throw thrown;
                        }
                    }

                    @Override
                    public void onError(Throwable failure) {
                        dropped.add(failure);
                    }

                    @Override
                    public void onComplete() {
                        dropped.add(new AssertionError("completed"));
                    }
                });
        source.next(chunk("a\nb\nc\n"));
        greeted.getFirst().request(5);
        source.assertCancelled();
        assertThat(dropped).containsExactly(thrown);
        greeted.getFirst().request(1);
        assertThat(dropped).hasSize(1);
    }

    /// A source that emits on command, also against the rules.
    private static final class RuleBreakingSource implements Publisher<ByteBuffer>, Subscription {
        Subscriber<? super ByteBuffer> subscriber;
        long requested;
        boolean cancelled;

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            requested += n;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    @Test
    void signalsAfterTheEndAreDropped() {
        RuleBreakingSource source = new RuleBreakingSource();
        StepVerifier.create(Flux.from(source).transform(LINES.maxLength(1)))
                .then(() -> {
                    source.subscriber.onNext(chunk("aaa\n"));
                    source.subscriber.onNext(chunk("b"));
                    source.subscriber.onError(new IllegalStateException("late"));
                    source.subscriber.onComplete();
                })
                .expectError(ProtocolException.class)
                .verifyThenAssertThat()
                .hasDropped(chunk("b"))
                .hasDroppedErrorWithMessage("late");
        assertThat(source.cancelled).isTrue();
    }

    @Test
    void aSourceThatExceedsTheDemandIsCancelled() {
        List<Object> discarded = new ArrayList<>();
        RuleBreakingSource source = new RuleBreakingSource();
        RecordingSubscriber<ByteBuffer> subscriber = new RecordingSubscriber<>();
        Flux.from(source).transform(Frames.lengthPrefixed(1)).doOnDiscard(ByteBuffer.class, discarded::add).subscribe(subscriber);
        subscriber.request(1);
        source.subscriber.onNext(ByteBuffer.wrap(new byte[] {1, 10, 1, 11, 1, 12}));
        source.subscriber.onNext(ByteBuffer.wrap(new byte[] {1, 13}));
        assertThat(source.cancelled).as("it may have been in flight").isFalse();
        source.subscriber.onNext(ByteBuffer.wrap(new byte[] {1, 14}));
        assertThat(source.cancelled).isTrue();
        assertThat(discarded).containsExactly(ByteBuffer.wrap(new byte[] {1, 14}));
        subscriber.request(10);
        assertThat(subscriber.elements).extracting(frame -> frame.get(0)).containsExactly((byte) 10, (byte) 11, (byte) 12, (byte) 13);
        assertThat(subscriber.failure).hasMessageContaining("1.1");
    }

    // ---- threads

    @Test
    void signalsFromManyThreadsAreSerialAndLoseNothing() {
        int count = 20_000;
        List<String> lines = IntStream.range(0, count).mapToObj(Integer::toString).toList();
        byte[] bytes = String.join("\n", lines).getBytes(UTF_8);
        SplittableRandom random = new SplittableRandom(3);
        List<ByteBuffer> chunks = new ArrayList<>();
        for (int from = 0; from < bytes.length;) {
            int length = Math.min(bytes.length - from, random.nextInt(40));
            chunks.add(ByteBuffer.wrap(bytes, from, length));
            from += length;
        }
        AtomicLong inside = new AtomicLong();
        StepVerifier.create(Flux.fromIterable(chunks)
                        .publishOn(Schedulers.parallel(), 1)
                        .transform(LINES)
                        .doOnNext(line -> assertThat(inside.incrementAndGet()).isEqualTo(1))
                        .doOnNext(line -> inside.decrementAndGet())
                        .publishOn(Schedulers.parallel(), 2)
                        .collectList())
                .expectNext(lines)
                .expectComplete()
                .verify(Duration.ofSeconds(Support.PATIENCE_SECONDS));
    }

    @Test
    void aCancelThatRacesWithAChunkLosesNothingOfIt() {
        List<ByteBuffer> gone = Collections.synchronizedList(new ArrayList<>());
        Hooks.onNextDropped(dropped -> gone.add((ByteBuffer) dropped));
        try {
            for (int round = 0; round < 5000; round++) {
                gone.clear();
                RuleBreakingSource source = new RuleBreakingSource();
                RecordingSubscriber<ByteBuffer> subscriber = new RecordingSubscriber<>();
                Flux.from(source).transform(Frames.lengthPrefixed(1)).doOnDiscard(ByteBuffer.class, gone::add).subscribe(subscriber);
                subscriber.request(1);
                RaceTestUtils.race(subscriber::cancel, () -> source.subscriber.onNext(ByteBuffer.wrap(new byte[] {1, 10, 1, 11, 1, 12})));
                gone.addAll(subscriber.elements);
                // Each frame of one byte stands for the two bytes that encode it.
                assertThat(gone.stream().mapToInt(bytes -> Math.max(2, bytes.remaining())).sum()).as("%s", gone).isEqualTo(6);
            }
        } finally {
            Hooks.resetOnNextDropped();
        }
    }

    // ---- Reactor's conventions

    @Test
    void viewsCanBeScanned() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
        Flux<String> lines = source.flux().transform(LINES);
        assertThat(Scannable.from(lines).stepName()).isEqualTo("lines");
        assertThat(Scannable.from(lines).scan(Attr.PREFETCH)).isZero();
        lines.subscribe(subscriber);
        Scannable view = Scannable.from(subscriber.subscription);
        subscriber.request(3);
        assertThat(view.scan(Attr.REQUESTED_FROM_DOWNSTREAM)).isEqualTo(3);
        assertThat(view.scan(Attr.TERMINATED)).isFalse();
        assertThat(view.scan(Attr.PARENT)).isNotNull();
        assertThat(view.scan(Attr.ACTUAL)).isNotNull();
        source.complete();
        assertThat(view.scan(Attr.TERMINATED)).isTrue();
        assertThat(view.scan(Attr.CANCELLED)).isFalse();
    }

    @Test
    void theContextReachesTheSource() {
        StepVerifier.create(Flux.deferContextual(context -> Flux.just(chunk(context.get("key") + "\n"))).transform(LINES)
                        .contextWrite(context -> context.put("key", "value")))
                .expectNext("value")
                .verifyComplete();
    }

    // ---- on a connection

    /// Two elements arrive in one chunk. The second is requested on another thread afterwards.
    private static void assertSignalsOnTheLoop(Trale trale, Flux<String> lines) {
        List<Boolean> onLoop = Collections.synchronizedList(new ArrayList<>());
        RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
        lines.doOnNext(line -> onLoop.add(Internals.loop(trale).isCurrent()))
                .doOnTerminate(() -> onLoop.add(Internals.loop(trale).isCurrent()))
                .subscribe(subscriber);
        for (int i = 1; i <= 2; i++) {
            int count = i;
            subscriber.request(1);
            Support.until("a line", () -> subscriber.elements.size() == count);
            Support.asleep(trale);
        }
        subscriber.subscription.request(0);
        Support.until("the end", () -> subscriber.failure != null);
        assertThat(onLoop).containsExactly(true, true, true);
    }

    @Test
    void linesOfAConnectionAreSignalledOnTheLoop() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            Support.write(pair.peer(), "a\nb\nc\n".getBytes(UTF_8));
            assertSignalsOnTheLoop(trale, pair.connection().receive().transform(LINES));
        }
    }

    @Test
    void linesAfterAnOperatorAreSignalledOnTheLoop() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            Support.write(pair.peer(), "a\nb\nc\n".getBytes(UTF_8));
            assertSignalsOnTheLoop(trale, pair.connection().receive().map(ByteBuffer::duplicate).transform(LINES));
        }
    }

    @Test
    void linesOfAFileAreSignalledOnTheLoop(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("lines"), "a\nb\nc\n");
        try (Trale trale = Trale.start()) {
            assertSignalsOnTheLoop(trale, trale.read(file).transform(LINES));
        }
    }

    /// As usual in Reactor: an operator's scheduler determines the thread.
    @Test
    void linesAfterAnotherSchedulerAreNotSignalledOnTheLoop() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            Support.write(pair.peer(), "a\n".getBytes(UTF_8));
            assertThat(pair.connection().receive().publishOn(Schedulers.parallel()).transform(LINES)
                    .map(line -> Internals.loop(trale).isCurrent()).blockFirst(Duration.ofSeconds(Support.PATIENCE_SECONDS))).isFalse();
        }
    }

    @Test
    void linesMayBeRequestedAfterTheEndOfTheLoop() {
        RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            Support.write(pair.peer(), "a\nb\n".getBytes(UTF_8));
            pair.connection().receive().map(ByteBuffer::duplicate).transform(LINES).subscribe(subscriber);
            subscriber.request(1);
            Support.until("a line", () -> !subscriber.elements.isEmpty());
        }
        subscriber.request(5);
        assertThat(subscriber.elements).containsExactly("a", "b");
        assertThat(subscriber.failure).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void linesOfAConnectionReceiveNoMoreThanTheDemandNeeds() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            RecordingSubscriber<String> subscriber = new RecordingSubscriber<>();
            pair.connection().receive().transform(LINES).subscribe(subscriber);
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).as("no demand").isZero();
            Support.write(pair.peer(), "a\nb\nc".getBytes(UTF_8));
            subscriber.request(1);
            Support.until("a line", () -> subscriber.elements.size() == 1);
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isZero();
            long received = Support.onLoop(trale, () -> trale.stats().submitted());
            subscriber.request(1);
            Support.until("a line that was there", () -> subscriber.elements.size() == 2);
            assertThat(Support.onLoop(trale, () -> trale.stats().submitted())).isEqualTo(received);
            subscriber.request(1);
            Support.until("a receive", () -> trale.stats().inFlight() == 1);
            Support.write(pair.peer(), "d\n".getBytes(UTF_8));
            Support.until("a line", () -> subscriber.elements.size() == 3);
            assertThat(subscriber.elements).containsExactly("a", "b", "cd");
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isZero();
        }
    }

    @Test
    void framesAreEchoed() {
        Frames frames = Frames.lengthPrefixed(4);
        List<ByteBuffer> payloads = IntStream.range(0, 200).mapToObj(i -> ByteBuffer.wrap(Support.bytes(i, i * 50))).toList();
        try (Trale trale = Trale.start()) {
            Server server = trale.serve(Support.loopback(0),
                    c -> c.send(c.receive().transform(frames).map(frames::encode))).block();
            List<ByteBuffer> echoed = trale.connect(server.localAddress())
                    .flatMapMany(c -> c.receive().transform(frames)
                            .mergeWith(c.send(Flux.fromIterable(payloads).map(frames::encode))
                                    .then(c.shutdownOutput()).then(Mono.<ByteBuffer>empty()))
                            .concatWith(c.close().then(Mono.empty())))
                    .collectList().block(Duration.ofSeconds(Support.PATIENCE_SECONDS));
            assertThat(echoed).isEqualTo(payloads);
        }
    }
}
