package io.trale.reactive.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Connection;
import io.trale.reactive.Trale;
import io.trale.reactive.stream.ConnectionProbe;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/// Sent bytes arrive complete and in order, at the pace of the peer. The peers are sockets of the JDK, which compare every
/// byte, read slowly or not at all, or disconnect.
class SendTest extends ConnectionTestBase {

    private static final IOException BROKEN = new IOException("the source broke");

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    private String received(int count) {
        return new String(Support.read(peer, count));
    }

    /// The bytes that the peer reads until the end of our side.
    private byte[] receivedAll() {
        connection.shutdownOutput().block(LIMIT);
        return Support.readAll(peer);
    }

    /// The byte at `index` of an endless pattern without a short period.
    private static byte pattern(long index) {
        return (byte) (index * 31 + (index >> 8) * 17 + (index >> 16));
    }

    private static byte[] pattern(long from, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = pattern(from + i);
        }
        return bytes;
    }

    /// Reads `count` bytes of the pattern in pieces of random sizes.
    private void readPattern(long count, long seed) throws IOException {
        peer.configureBlocking(true);
        Random random = new Random(seed);
        for (long at = 0; at < count;) {
            byte[] piece = Support.read(peer, (int) Math.min(count - at, 1 + random.nextInt(200_000)));
            assertThat(piece).as("bytes at %d", at).isNotEmpty().isEqualTo(pattern(at, piece.length));
            at += piece.length;
        }
    }

    /// A source of the pattern in elements of one size. It emits everything that is requested inside `request`, and records the
    /// requests. Loop thread only.
    private static final class Source implements Publisher<ByteBuffer>, Subscription {

        private final Connection connection;
        private final int size;
        private final long count;
        private Subscriber<? super ByteBuffer> subscriber;
        private long requested;
        private boolean emitting;
        volatile long emitted;
        volatile boolean cancelled;
        volatile long mostOutstanding;
        volatile long mostQueued;
        /// The largest number of bytes that were queued or outstanding, with more than one element outstanding.
        volatile long mostCommitted;

        Source(Connection connection, int size, long count) {
            this.connection = connection;
            this.size = size;
            this.count = count;
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            requested += n;
            long outstanding = requested - emitted;
            mostOutstanding = Math.max(mostOutstanding, outstanding);
            if (outstanding > 1) {
                mostCommitted = Math.max(mostCommitted, ConnectionProbe.queuedBytes(connection) + outstanding * size);
            }
            if (emitting) {
                return;
            }
            emitting = true;
            while (emitted < requested && emitted < count && !cancelled) {
                long place = emitted * size;
                emitted++;
                subscriber.onNext(ByteBuffer.wrap(pattern(place, size)));
                mostQueued = Math.max(mostQueued, ConnectionProbe.queuedBytes(connection));
            }
            emitting = false;
            if (emitted == count && !cancelled) {
                cancelled = true;
                subscriber.onComplete();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    private static <T> CompletableFuture<T> run(Mono<T> mono) {
        return mono.toFuture();
    }

    // ---- order

    @Test
    void aSecondSendSubscribesAfterTheFirstHasEnded() {
        Sinks.Many<ByteBuffer> first = Sinks.many().unicast().onBackpressureBuffer();
        AtomicBoolean subscribed = new AtomicBoolean();
        CompletableFuture<Void> one = run(connection.send(first.asFlux()));
        CompletableFuture<Void> two = run(connection.send(Flux.just(buffer("third"))
                .doOnSubscribe(s -> subscribed.set(true))));
        first.tryEmitNext(buffer("first,")).orThrow();
        assertThat(received(6)).isEqualTo("first,");
        assertThat(subscribed).isFalse();
        first.tryEmitNext(buffer("second,")).orThrow();
        first.tryEmitComplete().orThrow();
        assertThat(received(12)).isEqualTo("second,third");
        Support.get(one);
        Support.get(two);
    }

    @Test
    void sendsFromManyThreadsKeepTheOrderOfEachThread() throws Exception {
        int threads = 6;
        int each = 300;
        int elements = 4;
        connection.maxPendingSends(threads * each);
        Queue<CompletableFuture<Void>> sends = new ConcurrentLinkedQueue<>();
        for (int t = 0; t < threads; t++) {
            int id = t;
            Thread.ofPlatform().start(() -> {
                for (int k = 0; k < each; k++) {
                    int number = id << 16 | k;
                    sends.add(run(connection.send(Flux.range(0, elements)
                            .map(i -> ByteBuffer.allocate(4).putInt(0, number)))));
                }
            });
        }
        ByteBuffer got = ByteBuffer.wrap(Support.read(peer, threads * each * elements * 4));
        int[] next = new int[threads];
        while (got.hasRemaining()) {
            int number = got.getInt();
            for (int i = 1; i < elements; i++) {
                assertThat(got.getInt()).isEqualTo(number);
            }
            assertThat(number & 0xffff).isEqualTo(next[number >> 16]++);
        }
        assertThat(next).containsOnly(each);
        sends.forEach(Support::get);
    }

    @Test
    void elementsEmittedOnOtherThreadsKeepTheirOrder() {
        int count = 100_000;
        CompletableFuture<Void> send = run(connection.send(Flux.range(0, count)
                .map(i -> ByteBuffer.allocate(4).putInt(0, i))
                .publishOn(Schedulers.parallel())));
        ByteBuffer got = ByteBuffer.wrap(Support.read(peer, 4 * count));
        for (int i = 0; i < count; i++) {
            assertThat(got.getInt()).isEqualTo(i);
        }
        Support.get(send);
    }

    @Test
    void manyQueuedSendsEndInOrder() {
        int count = 20_000;
        connection.maxPendingSends(3 * count);
        Sinks.Many<ByteBuffer> first = Sinks.many().unicast().onBackpressureBuffer();
        CompletableFuture<Void> one = run(connection.send(first.asFlux()));
        AtomicInteger completed = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        List<Disposable> cancelled = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            connection.send(Flux.empty()).subscribe(null, e -> failed.incrementAndGet(), completed::incrementAndGet);
            cancelled.add(connection.send(Flux.never()).subscribe());
        }
        CompletableFuture<Void> last = run(connection.send(Mono.just(buffer("last"))));
        cancelled.forEach(Disposable::dispose);
        first.tryEmitComplete().orThrow();
        assertThat(received(4)).isEqualTo("last");
        Support.get(one);
        Support.get(last);
        assertThat(completed).hasValue(count);
        assertThat(failed).hasValue(0);
    }

    @Test
    void sendsToAStalledPeerOverflowAtTheLimit() {
        connection.send(Flux.never()).subscribe();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger completed = new AtomicInteger();
        for (int i = 0; i < 5000; i++) { // a broadcast
            connection.send(Mono.just(buffer("message"))).subscribe(null, failures::add, completed::incrementAndGet);
        }
        Support.until("all that is too much is refused", () -> failures.size() == 5000 - 1023);
        assertThat(connection.pendingSends()).isEqualTo(1024);
        assertThat(completed).hasValue(0);
        assertThat(failures).allSatisfy(failure -> {
            assertThat(Exceptions.isOverflow(failure)).isTrue();
            assertThat(failure).hasMessageStartingWith("send(").hasMessageContaining("1024 sends are pending");
        });
    }

    @Test
    void aCancelledQueuedSendFreesItsPlaceAtOnce() {
        connection.maxPendingSends(2);
        Disposable first = connection.send(Flux.never()).subscribe();
        for (int i = 0; i < 10; i++) {
            Disposable second = connection.send(Flux.never()).subscribe(null, e -> {
                throw new AssertionError(e);
            });
            assertThat(Support.onLoop(trale, connection::pendingSends)).isEqualTo(2);
            StepVerifier.create(connection.send(Flux.never())).expectErrorMatches(Exceptions::isOverflow).verify(LIMIT);
            second.dispose();
            assertThat(Support.onLoop(trale, connection::pendingSends)).isEqualTo(1);
        }
        first.dispose();
        connection.send(Mono.just(buffer("room"))).block(LIMIT);
        assertThat(received(4)).isEqualTo("room");
        assertThat(Support.onLoop(trale, connection::pendingSends)).isZero();
        assertThatThrownBy(() -> connection.maxPendingSends(0)).hasMessage("maxPendingSends is 0, must be at least 1");
    }

    /// If a refusal were signalled inside `subscribe`, a `retry` would resubscribe forever and block the loop.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void retriesOfARefusedSendDoNotBlockTheLoop(boolean closed) {
        if (closed) {
            connection.abort();
        } else {
            connection.maxPendingSends(1);
            connection.send(Flux.never()).subscribe();
        }
        AtomicInteger refused = new AtomicInteger();
        Disposable retrying = Support.onLoop(trale, () -> connection.send(Flux.<ByteBuffer>empty())
                .doOnError(e -> refused.incrementAndGet()).retry().subscribe());
        Support.until("it is retried", () -> refused.get() > 10);
        assertThat(Support.onLoop(trale, () -> "others run")).isEqualTo("others run");
        retrying.dispose();
    }

    // ---- the window

    @ParameterizedTest
    @CsvSource({"10, 800000", "1000, 8000", "3000, 3000", "40000, 200", "65536, 200", "100000, 100", "3000000, 4"})
    void aStalledPeerStopsTheSourceAtTheWindow(int size, long count) throws Exception {
        Source source = new Source(connection, size, count);
        CompletableFuture<Void> send = run(connection.send(source));
        Support.untilStalled(trale, 1); // the poll for writability
        assertThat(source.emitted).as("elements emitted before all buffers were full").isLessThan(count);
        assertThat(send).isNotDone();

        readPattern(size * count, 1);
        Support.get(send);
        assertThat(source.mostOutstanding).isLessThanOrEqualTo(32);
        assertThat(source.mostCommitted).isLessThanOrEqualTo(64 << 10);
        assertThat(source.mostQueued).isLessThan((64 << 10) + (long) size);
        assertThat(source.emitted).isEqualTo(count);
        if (size <= 1000) {
            assertThat(source.mostOutstanding).as("small elements are requested in batches").isGreaterThan(16);
        }
    }

    @Test
    void aSlowReaderGetsEveryByteOfElementsOfAllSizes() throws Exception {
        int count = 16 << 20;
        Random random = new Random(2);
        List<ByteBuffer> elements = new ArrayList<>();
        for (int at = 0; at < count;) {
            int size = Math.min(count - at, random.nextInt(1 << 1 + random.nextInt(18)));
            elements.add(ByteBuffer.wrap(pattern(at, size)));
            at += size;
        }
        CompletableFuture<Void> send = run(connection.send(Flux.fromIterable(elements)));
        readPattern(count, 3);
        Support.get(send);
        assertThat(elements).allSatisfy(element -> assertThat(element.position()).isZero());
    }

    @Test
    void aStalledPeerHoldsNoSendBlock() {
        int stalled = 150; // more than there are blocks
        List<Pair> pairs = new ArrayList<>();
        try {
            for (int i = 0; i < stalled; i++) {
                Pair pair = Pair.of(trale, 4096);
                pairs.add(pair);
                pair.connection().send(new Source(pair.connection(), 60_000, Long.MAX_VALUE)).subscribe();
            }
            Support.untilStalled(trale, stalled);
            connection.send(Flux.just(buffer("hello"))).block(LIMIT);
            assertThat(received(5)).isEqualTo("hello");
        } finally {
            pairs.forEach(Pair::close);
        }
    }

    // ---- ends of sources

    @Test
    void aSourceErrorComesAfterItsElementsAndKeepsTheConnection() {
        StepVerifier.create(connection.send(Flux.just(buffer("one,"), buffer("two,")).concatWith(Flux.error(BROKEN))))
                .expectErrorSatisfies(e -> assertThat(e).isSameAs(BROKEN))
                .verify(LIMIT);
        connection.send(Mono.just(buffer("three"))).block(LIMIT);
        assertThat(new String(receivedAll())).isEqualTo("one,two,three");
    }

    @Test
    void aSourceErrorWaitsUntilItsElementsAreSent() throws Exception {
        int size = 8 << 20;
        CompletableFuture<Void> send = run(connection.send(
                Flux.just(ByteBuffer.wrap(pattern(0, size))).concatWith(Flux.error(BROKEN))));
        Support.asleep(trale);
        assertThat(send).isNotDone();
        readPattern(size, 4);
        assertThatThrownBy(() -> send.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).hasCause(BROKEN);
    }

    @Test
    void aSourceThatThrowsInSubscribeFailsOnlyItsSend() {
        StepVerifier.create(connection.send(subscriber -> {
            throw new IllegalStateException("thrown by subscribe");
        })).expectErrorMessage("thrown by subscribe").verify(LIMIT);
        connection.send(Mono.just(buffer("next"))).block(LIMIT);
        assertThat(received(4)).isEqualTo("next");
    }

    @Test
    void anEmptySourceCompletesAndSendsNothing() {
        connection.send(Flux.empty()).block(LIMIT);
        connection.send(Mono.empty()).block(LIMIT);
        assertThat(receivedAll()).isEmpty();
    }

    @Test
    void emptyBuffersAreSkippedAndDoNotUseUpTheWindow() {
        int count = 100_000;
        connection.send(Flux.range(0, count).map(i -> ByteBuffer.allocate(0))).block(LIMIT);
        connection.send(Flux.range(0, count).map(i -> i % 1000 == 0 ? buffer("x") : ByteBuffer.allocate(0))).block(LIMIT);
        assertThat(receivedAll()).hasSize(count / 1000);
    }

    @Test
    void buffersOfEveryKindAreSentAndNotModified() {
        ByteBuffer whole = ByteBuffer.wrap("..heap..".getBytes()).position(2).limit(6);
        ByteBuffer direct = ByteBuffer.allocateDirect(10).put("..direct..".getBytes()).position(2).limit(8);
        try (Arena arena = Arena.ofShared()) {
            ByteBuffer segment = arena.allocate(9).asByteBuffer().put(".segment.".getBytes()).position(1).limit(8);
            List<ByteBuffer> kinds = List.of(whole, whole.asReadOnlyBuffer(), whole.slice(), whole.slice().position(1),
                    whole.slice(1, 5).slice().position(1).limit(3), direct, direct.asReadOnlyBuffer(),
                    direct.slice().position(2), direct.slice().asReadOnlyBuffer().position(3), segment, segment.slice().position(3));
            String expected = "heap,heap,heap,eap,he,direct,direct,rect,ect,segment,ment,";
            List<Integer> positions = kinds.stream().map(ByteBuffer::position).toList();
            List<Integer> limits = kinds.stream().map(ByteBuffer::limit).toList();
            connection.send(Flux.fromIterable(kinds).concatMapIterable(kind -> List.of(kind, buffer(",")))).block(LIMIT);
            assertThat(new String(receivedAll())).isEqualTo(expected);
            assertThat(kinds.stream().map(ByteBuffer::position)).isEqualTo(positions);
            assertThat(kinds.stream().map(ByteBuffer::limit)).isEqualTo(limits);
        }
    }

    @Test
    void oneBufferMayBeSentOnManyConnectionsAndLoops() throws Exception {
        int size = 4 << 20;
        ByteBuffer shared = ByteBuffer.wrap(pattern(0, size + 20)).position(10).limit(size + 10);
        byte[] expected = pattern(10, size);
        try (Trale second = Trale.start()) {
            List<Pair> pairs = List.of(Pair.of(trale), Pair.of(trale), Pair.of(second), Pair.of(second));
            List<CompletableFuture<Void>> sends = pairs.stream()
                    .map(pair -> run(pair.connection().send(Flux.just(shared, shared)))).toList();
            for (Pair pair : pairs) {
                assertThat(Support.read(pair.peer(), size)).isEqualTo(expected);
                assertThat(Support.read(pair.peer(), size)).isEqualTo(expected);
            }
            sends.forEach(Support::get);
            assertThat(shared.position()).isEqualTo(10);
            assertThat(shared.limit()).isEqualTo(size + 10);
            pairs.forEach(Pair::close);
        }
    }

    // ---- inaccessible buffers

    @Test
    void aBufferOfAClosedArenaFailsOnlyItsConnection() {
        ByteBuffer freed;
        try (Arena arena = Arena.ofShared()) {
            freed = arena.allocate(100).asByteBuffer();
        }
        assertUnreadable(freed);
    }

    @Test
    void aBufferConfinedToAnotherThreadFailsOnlyItsConnection() {
        try (Arena arena = Arena.ofConfined()) {
            assertUnreadable(arena.allocate(100).asByteBuffer());
        }
    }

    private void assertUnreadable(ByteBuffer buffer) {
        try (Pair other = Pair.of(trale)) {
            StepVerifier.create(connection.send(Mono.just(buffer))).expectError().verify(LIMIT);
            other.connection().send(Mono.just(buffer("hello"))).block(LIMIT);
            assertThat(Support.read(other.peer(), 5)).isEqualTo("hello".getBytes());
        }
    }

    /// A user error, so the sent bytes are undefined. But the loop must neither end nor spin.
    @ParameterizedTest
    @ValueSource(ints = {0, 999_000, 1_000_000})
    void aBufferMovedDuringASendAffectsOnlyItsConnection(int position) throws Exception {
        try (Pair other = Pair.of(trale)) {
            int size = 8 << 20;
            ByteBuffer moved = ByteBuffer.allocate(size);
            CompletableFuture<Void> send = run(connection.send(Flux.just(moved, buffer("end"))));
            Support.asleep(trale);
            assertThat(send).isNotDone();
            moved.position(position).limit(1_000_000);
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    peer.socket().getInputStream().readAllBytes();
                } catch (IOException e) {
                    // a reset is fine
                }
            });
            other.connection().send(Mono.just(buffer("hello"))).block(LIMIT);
            assertThat(Support.read(other.peer(), 5)).isEqualTo("hello".getBytes());
            Support.until("the send has ended, or gone on", send::isDone);
            connection.abort();
            reader.join();
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isZero();
        }
    }

    @Test
    void aBufferShortenedBeforeItsCopyFailsItsSend() {
        ByteBuffer shortened = ByteBuffer.allocate(1_000_000);
        CompletableFuture<Void> send = Support.onLoop(trale, () -> {
            CompletableFuture<Void> staged = run(connection.send(Flux.just(shortened, buffer("end"))));
            shortened.limit(10);
            return staged;
        });
        assertThatThrownBy(() -> send.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(IOException.class).hasMessageContaining("changed before it was sent");
    }

    // ---- peers that disconnect

    @Test
    void aResetFailsTheSendCancelsItsSourceAndRefusesTheNext() {
        Source source = new Source(connection, 10_000, Long.MAX_VALUE);
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        CompletableFuture<Throwable> inLine = new CompletableFuture<>();
        connection.send(source).subscribe(null, failure::complete);
        connection.send(Flux.never()).subscribe(null, inLine::complete);
        Support.read(peer, 1000);
        Support.asleep(trale);
        Support.reset(peer);
        assertBroken(Support.get(failure));
        assertBroken(Support.get(inLine));
        assertThat(source.cancelled).isTrue();
        StepVerifier.create(connection.send(Flux.never())).expectErrorSatisfies(this::assertBroken).verify(LIMIT);
        assertThat(ConnectionProbe.isOpen(connection)).as("not closed by the send").isTrue();
        connection.close().block(LIMIT);
    }

    private void assertBroken(Throwable failure) {
        assertThat(failure).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("send(")
                .hasMessageContaining("fd=" + ConnectionProbe.fd(connection))
                .hasMessageContaining(SocketAddresses.format(connection.remoteAddress()));
        int errno = ((ErrnoException) failure).errno();
        assertThat(errno).isIn(Errno.EPIPE, Errno.ECONNRESET);
        assertThat(failure).hasMessageContaining(errno == Errno.EPIPE ? "EPIPE" : "ECONNRESET");
    }

    @Test
    void thePeersEndDoesNotStopASend() throws IOException {
        peer.shutdownOutput();
        StepVerifier.create(connection.receive()).expectComplete().verify(LIMIT);
        connection.send(Flux.just(buffer("still "), buffer("there"))).block(LIMIT);
        assertThat(received(11)).isEqualTo("still there");
    }

    // ---- cancel

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCancelStopsAtTheEndOfAnElement(boolean onTheLoop) {
        int size = 300_000;
        byte[] element = pattern(0, size);
        List<ByteBuffer> discarded = new ArrayList<>();
        AtomicBoolean cancelled = new AtomicBoolean();
        Disposable send = connection.send(Flux.generate(sink -> sink.next(ByteBuffer.wrap(element))).cast(ByteBuffer.class)
                        .doOnCancel(() -> cancelled.set(true)))
                .doOnDiscard(ByteBuffer.class, discarded::add).subscribe();
        Support.untilStalled(trale, 1);
        if (onTheLoop) {
            Support.onLoop(trale, () -> {
                send.dispose();
                return null;
            });
        } else {
            send.dispose();
        }
        CompletableFuture<Void> next = run(connection.send(Mono.just(buffer("next"))));
        CompletableFuture<Void> end = run(connection.shutdownOutput());
        byte[] got = Support.readAll(peer);
        Support.get(next);
        Support.get(end);
        assertThat(cancelled).isTrue();
        assertThat((got.length - 4) % size).isZero();
        assertThat(got.length).isGreaterThan(size);
        for (int at = 0; at < got.length - 4; at += size) {
            assertThat(Arrays.copyOfRange(got, at, at + size)).isEqualTo(element);
        }
        assertThat(new String(got, got.length - 4, 4)).isEqualTo("next");
    }

    /// Elements of many sizes, a peer that reads, cancels at random moments: of each send, a number of whole elements arrives.
    @Test
    void cancelsAtRandomMomentsLeaveWholeElements() throws Exception {
        int sends = 300;
        Random random = new Random(5);
        CompletableFuture<byte[]> got = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> got.complete(Support.readAll(peer)));
        for (int i = 0; i < sends; i++) {
            int number = i;
            int size = 9 + random.nextInt(1 << 4 + random.nextInt(14)); // a number, a size, and a byte at the end
            AtomicInteger sequence = new AtomicInteger();
            Flux<ByteBuffer> source = Flux.generate(sink -> sink.next(
                    ByteBuffer.allocate(size).putInt(number).putInt(size).put(size - 1, (byte) sequence.getAndIncrement())
                            .rewind()));
            Disposable send = connection.send(random.nextBoolean() ? source : source.publishOn(Schedulers.parallel(), 4))
                    .subscribe();
            for (int spin = random.nextInt(20_000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            send.dispose();
        }
        connection.shutdownOutput().block(LIMIT);
        ByteBuffer all = ByteBuffer.wrap(Support.get(got));
        int elements = 0;
        int last = -1;
        while (all.hasRemaining()) {
            int number = all.getInt();
            int size = all.getInt();
            assertThat(number).isBetween(last, sends - 1);
            assertThat(size).isBetween(9, 1 << 18);
            assertThat(all.remaining()).isGreaterThanOrEqualTo(size - 8);
            all.position(all.position() + size - 8);
            last = number;
            elements++;
        }
        assertThat(elements).isPositive();
    }

    @Test
    void aCancelledQueuedSendNeverSubscribes() {
        Sinks.Many<ByteBuffer> first = Sinks.many().unicast().onBackpressureBuffer();
        AtomicBoolean subscribed = new AtomicBoolean();
        CompletableFuture<Void> one = run(connection.send(first.asFlux()));
        connection.send(Flux.just(buffer("never")).doOnSubscribe(s -> subscribed.set(true))).subscribe().dispose();
        CompletableFuture<Void> three = run(connection.send(Mono.just(buffer("three"))));
        first.tryEmitNext(buffer("one,")).orThrow();
        first.tryEmitComplete().orThrow();
        Support.get(one);
        Support.get(three);
        assertThat(new String(receivedAll())).isEqualTo("one,three");
        assertThat(subscribed).isFalse();
    }

    // ---- discarded elements

    @ParameterizedTest
    @ValueSource(strings = {"cancel", "abort", "reset", "close the loop"})
    void unsentElementsGoToTheDiscardHook(String how) throws Exception {
        Queue<Integer> discarded = new ConcurrentLinkedQueue<>();
        AtomicInteger emitted = new AtomicInteger();
        CountDownLatch over = new CountDownLatch(1);
        Disposable send = connection.send(Flux.<ByteBuffer>generate(sink ->
                        sink.next(ByteBuffer.allocate(1000).putInt(0, emitted.getAndIncrement()))))
                .doOnDiscard(ByteBuffer.class, b -> discarded.add(b.getInt(0)))
                .doFinally(signal -> over.countDown())
                .subscribe(null, e -> { });
        Support.untilStalled(trale, 1);
        switch (how) {
            case "cancel" -> send.dispose();
            case "abort" -> connection.abort();
            case "reset" -> Support.reset(peer);
            default -> trale.close();
        }
        assertThat(over.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        Support.until("the last one is discarded", () -> discarded.contains(emitted.get() - 1));
        List<Integer> numbers = List.copyOf(discarded);
        int window = Support.WINDOW_BYTES / 1000; // plus the one that exceeds it, and the one that the kernel has a part of
        assertThat(numbers.size()).isBetween(window - 2, window + 2);
        assertThat(numbers).isEqualTo(IntStream.range(emitted.get() - numbers.size(), emitted.get()).boxed().toList());
    }

    // ---- shutdown and close

    @Test
    void shutdownOutputFollowsPendingSendsAndReceivingContinues() throws Exception {
        int size = 8 << 20;
        CompletableFuture<Void> send = run(connection.send(Mono.just(ByteBuffer.wrap(pattern(0, size)))));
        CompletableFuture<Void> end = run(connection.shutdownOutput());
        Support.asleep(trale);
        assertThat(end).isNotDone();
        readPattern(size, 6);
        assertThat(Support.readAll(peer)).isEmpty();
        Support.get(send);
        Support.get(end);
        Support.write(peer, "answer".getBytes());
        Support.close(peer);
        StepVerifier.create(connection.receive().map(b -> new String(Support.bytesOf(b))))
                .expectNext("answer").expectComplete().verify(LIMIT);
        StepVerifier.create(connection.send(Mono.just(buffer("too late"))))
                .expectErrorSatisfies(this::assertBroken).verify(LIMIT);
    }

    @Test
    void closeSendsEmittedElementsAndFailsCutOffSends() throws Exception {
        int size = 8 << 20; // each is more than the kernel ever takes
        Source source = new Source(connection, size, Long.MAX_VALUE);
        CompletableFuture<Throwable> first = new CompletableFuture<>();
        CompletableFuture<Throwable> second = new CompletableFuture<>();
        connection.send(source).subscribe(null, first::complete);
        connection.send(Flux.never()).subscribe(null, second::complete);
        Support.untilStalled(trale, 1);
        CompletableFuture<Void> close = run(connection.close());
        assertThat(Support.get(second)).isInstanceOf(ClosedChannelException.class);
        Support.until("the source is cancelled", () -> source.cancelled);
        assertThat(close).isNotDone();
        readPattern(source.emitted * size, 7);
        assertThat(Support.readAll(peer)).isEmpty();
        assertThat(Support.get(first)).isInstanceOf(ClosedChannelException.class).hasMessageContaining("send(fd=");
        Support.get(close);
        connection.onClose().block(LIMIT);
    }

    @Test
    void closeCompletesASendWhoseSourceHasEnded() throws Exception {
        int size = 8 << 20;
        CompletableFuture<Void> send = run(connection.send(Mono.just(ByteBuffer.wrap(pattern(0, size)))));
        Support.asleep(trale);
        CompletableFuture<Void> close = run(connection.close());
        readPattern(size, 8);
        assertThat(Support.readAll(peer)).isEmpty();
        Support.get(send);
        Support.get(close);
    }

    @Test
    void elementsOfOtherThreadsBeforeTheCloseAreSent() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (Pair pair = Pair.of(trale)) {
                Sinks.Many<ByteBuffer> sink = Sinks.many().unicast().onBackpressureBuffer();
                CountDownLatch subscribed = new CountDownLatch(1);
                pair.connection().send(sink.asFlux().doOnRequest(n -> subscribed.countDown())).subscribe(null, e -> { });
                assertThat(subscribed.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
                sink.tryEmitNext(buffer("before")).orThrow();
                pair.connection().close().subscribe();
                assertThat(new String(Support.readAll(pair.peer()))).isEqualTo("before");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "abort", "close the loop"})
    void sendsAfterACloseFail(String how) {
        switch (how) {
            case "close" -> connection.close().block(LIMIT);
            case "abort" -> connection.abort();
            default -> trale.close();
        }
        AtomicBoolean subscribed = new AtomicBoolean();
        StepVerifier.create(connection.send(Flux.just(buffer("x")).doOnSubscribe(s -> subscribed.set(true))))
                .expectError(ClosedChannelException.class).verify(LIMIT);
        StepVerifier.create(connection.shutdownOutput()).expectError(ClosedChannelException.class).verify(LIMIT);
        connection.close().block(LIMIT);
        connection.onClose().block(LIMIT);
        assertThat(subscribed).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"abort", "close the loop"})
    void anAbortFailsAStalledSendAndQueuedSends(String how) {
        Source source = new Source(connection, 10_000, Long.MAX_VALUE);
        CompletableFuture<Throwable> first = new CompletableFuture<>();
        CompletableFuture<Throwable> second = new CompletableFuture<>();
        connection.send(source).subscribe(null, first::complete);
        connection.send(Flux.never()).subscribe(null, second::complete);
        Support.untilStalled(trale, 1);
        if (how.equals("abort")) {
            connection.abort();
        } else {
            trale.close();
        }
        assertThat(Support.get(first)).isInstanceOf(ClosedChannelException.class);
        assertThat(Support.get(second)).isInstanceOf(ClosedChannelException.class);
        assertThat(source.cancelled).isTrue();
        connection.onClose().block(LIMIT);
    }

    // ---- both directions

    @Test
    void bothDirectionsFlowAtOnce() throws Exception {
        int size = 8 << 20;
        CompletableFuture<Void> send = run(connection.send(
                Flux.range(0, 128).map(i -> ByteBuffer.wrap(pattern((long) i * 65536, 65536)))));
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        CompletableFuture<Void> receive = run(connection.receive()
                .doOnNext(b -> got.writeBytes(Support.bytesOf(b))).then());
        Thread writer = Thread.ofPlatform().start(() -> {
            Support.write(peer, pattern(7, size));
            Support.shutdownOutput(peer);
        });
        readPattern(size, 9);
        writer.join();
        Support.get(send);
        Support.get(receive);
        assertThat(got.toByteArray()).isEqualTo(pattern(7, size));
    }
}
