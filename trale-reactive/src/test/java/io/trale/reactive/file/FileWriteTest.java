package io.trale.reactive.file;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Internals;
import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.Sink;
import io.trale.reactive.Trale;
import io.trale.reactive.WriteOptions;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

/// Files on the real kernel, written at the pace of the device: at the end, the emitted elements are in the file, in order.
class FileWriteTest extends FileTestBase {

    private static final IOException BROKEN = new IOException("the source broke");
    private static final int ENOSPC = 28;
    private static final int EEXIST = 17;
    private static final int EISDIR = 21;

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    private static Flux<ByteBuffer> texts(String... texts) {
        return Flux.fromArray(texts).map(FileWriteTest::buffer);
    }

    private String text() {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- contents

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 1000, 65_536, 65_537, 300_000})
    void elementsAreWrittenInOrderAndTheFileIsClosedAtTheEnd(int size) throws IOException {
        int count = Math.max(3, 2_000_000 / Math.max(size, 20));
        byte[] bytes = Support.bytes(size, size * count);
        Flux<ByteBuffer> source = Flux.range(0, count).map(i -> ByteBuffer.wrap(bytes, i * size, size));
        trale.write(path, source).block(LIMIT);
        assertThat(Support.descriptors()).isEqualTo(descriptors);
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }

    @Test
    void aSourceWhoseFileCannotBeOpenedGoesToTheDiscardHook() {
        Flux<ByteBuffer> source = Flux.never();
        List<Object> discarded = new CopyOnWriteArrayList<>();
        StepVerifier.create(trale.write(Path.of("/nowhere/file"), source).doOnDiscard(Publisher.class, discarded::add))
                .expectError(ErrnoException.class).verify(LIMIT);
        assertThat(discarded).containsExactly(source);
    }

    @Test
    void elementsOfAllSizesFromOtherThreadsAreWrittenInOrder() throws IOException {
        byte[] bytes = Support.bytes(1, 8 << 20);
        Random random = new Random(2);
        List<ByteBuffer> elements = new ArrayList<>();
        for (int at = 0; at < bytes.length;) {
            int size = Math.min(bytes.length - at, random.nextInt(1 << 1 + random.nextInt(18)));
            elements.add(ByteBuffer.wrap(bytes, at, size));
            at += size;
        }
        trale.write(path, Flux.fromIterable(elements).publishOn(Schedulers.parallel())).block(LIMIT);
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
        assertThat(elements.stream().mapToInt(ByteBuffer::remaining).sum()).as("buffers are not modified").isEqualTo(bytes.length);
    }

    @Test
    void eachSubscriptionWritesTheFile() {
        Mono<Void> append = trale.write(path, texts("one,", "two;"), WriteOptions.defaults().open(CREATE, APPEND));
        assertThat(path).doesNotExist();
        append.repeat(2).then().block(LIMIT);
        assertThat(text()).isEqualTo("one,two;one,two;one,two;");
    }

    @Test
    void anEmptySourceCreatesAnEmptyFile() {
        trale.write(path, Flux.empty()).block(LIMIT);
        assertThat(path).exists().isEmptyFile();
    }

    @Test
    void manyFilesShareFewBlocksInFifoOrder() throws IOException {
        byte[] bytes = Support.bytes(3, 2_000);
        try (Trale small = Trale.start(ExecutorOptions.defaults().fileBlocks(1, 100))) {
            Flux.range(0, 20).flatMap(i -> small.write(directory.resolve("file" + i), Flux.just(ByteBuffer.wrap(bytes))), 20)
                    .then().block(LIMIT);
        }
        for (int i = 0; i < 20; i++) {
            assertThat(Files.readAllBytes(directory.resolve("file" + i))).isEqualTo(bytes);
        }
    }

    @Test
    void aFileIsCopied() throws IOException {
        byte[] bytes = Support.bytes(4, 3_000_000);
        Path from = directory.resolve("from");
        Files.write(from, bytes);
        trale.write(path, trale.read(from)).block(LIMIT);
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }

    // ---- options

    @Test
    void openOptionsReplaceAppendOrOverwrite() throws IOException {
        Files.writeString(path, "0123456789");
        trale.write(path, texts("ab"), WriteOptions.defaults().open().offset(3)).block(LIMIT);
        assertThat(text()).isEqualTo("012ab56789");
        trale.write(path, texts("+", "+"), WriteOptions.defaults().open(APPEND)).block(LIMIT);
        assertThat(text()).isEqualTo("012ab56789++");
        trale.write(path, texts("new")).block(LIMIT);
        assertThat(text()).isEqualTo("new");
        trale.write(path, texts("x"), WriteOptions.defaults().offset(2)).block(LIMIT);
        assertThat(text()).isEqualTo("\0\0x");
    }

    @Test
    void createNewFailsIfTheFileExists() {
        WriteOptions options = WriteOptions.defaults().open(CREATE_NEW);
        trale.write(path, texts("first"), options).block(LIMIT);
        expectFailure(trale.write(path, texts("second"), options), EEXIST, "open(" + path);
        assertThat(text()).isEqualTo("first");
    }

    @Test
    void aNewFileHasTheRequestedPermissions() throws IOException {
        trale.write(path, texts("secret"), WriteOptions.defaults().mode(0600)).block(LIMIT);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rw-------");
    }

    /// A device that cannot be synced fails the `fsync(2)`, which shows that it was called.
    @Test
    void withSyncTheEndWaitsForTheDevice() {
        trale.write(path, texts("kept"), WriteOptions.defaults().sync(true)).block(LIMIT);
        assertThat(text()).isEqualTo("kept");
        expectFailure(trale.write(Path.of("/dev/null"), texts("lost"), WriteOptions.defaults().sync(true)), Errno.EINVAL,
                "fsync(");
    }

    @Test
    void invalidOptionsThrow() {
        WriteOptions options = WriteOptions.defaults();
        assertThatThrownBy(() -> options.open(READ)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.mode(010000)).hasMessageContaining("010000");
        assertThatThrownBy(() -> options.offset(-1)).hasMessage("offset is -1, must be at least 0");
        StepVerifier.create(trale.write(path, Flux.empty(), options.open(APPEND, TRUNCATE_EXISTING)))
                .expectError(IllegalArgumentException.class).verify(LIMIT);
    }

    // ---- failures

    @Test
    void aFailedOpenDoesNotSubscribeToTheSource() {
        AtomicBoolean subscribed = new AtomicBoolean();
        Flux<ByteBuffer> source = texts("x").doOnSubscribe(subscription -> subscribed.set(true));
        expectFailure(trale.write(directory, source), EISDIR, "open(" + directory);
        expectFailure(trale.write(path, source, WriteOptions.defaults().open()), Errno.ENOENT, "open(" + path);
        assertThat(subscribed).isFalse();
    }

    @Test
    void aFullDeviceFailsAndCancelsTheSource() {
        AtomicBoolean cancelled = new AtomicBoolean();
        Queue<Object> discarded = new ConcurrentLinkedQueue<>();
        Flux<ByteBuffer> endless = Flux.<ByteBuffer>generate(sink -> sink.next(ByteBuffer.allocate(1000)))
                .doOnCancel(() -> cancelled.set(true));
        expectFailure(trale.write(Path.of("/dev/full"), endless).doOnDiscard(ByteBuffer.class, discarded::add), ENOSPC,
                "/dev/full");
        assertThat(cancelled).isTrue();
        assertThat(discarded).isNotEmpty();
    }

    @Test
    void aPipeWhoseReaderHasClosedFails() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        trale.write(pipe, source).subscribe(null, end::complete);
        InputStream reader = Files.newInputStream(pipe);
        Support.untilAsked(source);
        reader.close();
        source.next(buffer("nobody"));
        assertThat(Support.get(end)).isInstanceOf(ErrnoException.class).hasMessageContaining("EPIPE");
        source.assertCancelled();
    }

    private static void expectFailure(Mono<Void> write, int errno, String what) {
        StepVerifier.create(write).expectErrorSatisfies(failure -> {
            assertThat(failure).isInstanceOf(ErrnoException.class).hasMessageContaining(what)
                    .hasMessageContaining(Errno.name(errno));
            assertThat(((ErrnoException) failure).errno()).isEqualTo(errno);
        }).verify(LIMIT);
    }

    @Test
    void anErrorOfTheSourceComesAfterItsElements() {
        StepVerifier.create(trale.write(path, texts("one,", "two").concatWith(Flux.error(BROKEN))))
                .expectErrorSatisfies(failure -> assertThat(failure).isSameAs(BROKEN))
                .verify(LIMIT);
        assertThat(text()).isEqualTo("one,two");
    }

    // ---- the window, and cancel

    @Test
    void requestsNoMoreThanTheWindow() {
        AtomicLong most = new AtomicLong();
        AtomicLong outstanding = new AtomicLong();
        trale.write(path, Flux.range(0, 10_000).map(i -> ByteBuffer.allocate(1000))
                .doOnRequest(n -> most.accumulateAndGet(outstanding.addAndGet(n), Math::max))
                .doOnNext(element -> outstanding.decrementAndGet())).block(LIMIT);
        assertThat(most).hasValueBetween(16, Support.WINDOW_ELEMENTS);
    }

    @Test
    void whileTheSourceIsSilentNothingIsInFlight() {
        Sinks.Many<ByteBuffer> source = Sinks.many().unicast().onBackpressureBuffer();
        CompletableFuture<Void> write = trale.write(path, source.asFlux()).toFuture();
        source.tryEmitNext(buffer("one,")).orThrow();
        Support.until("it is written", () -> Files.exists(path) && text().equals("one,"));
        Support.untilIdle(trale);
        long enters = Support.asleep(trale);
        Support.meanwhile();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().enters()).isEqualTo(enters);
        source.tryEmitNext(buffer("two")).orThrow();
        source.tryEmitComplete().orThrow();
        Support.get(write);
        assertThat(text()).isEqualTo("one,two");
    }

    @Test
    void anUnreadPipeStopsTheSource() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        AtomicLong emitted = new AtomicLong();
        int size = 10_000;
        CompletableFuture<Void> write = trale.write(pipe, Flux.range(0, 100).map(i -> {
            emitted.incrementAndGet();
            return ByteBuffer.allocate(size).put(0, i.byteValue());
        })).toFuture();
        try (var reader = Files.newInputStream(pipe)) {
            Support.until("the source has begun", () -> emitted.get() > 0);
            Support.untilStalled(trale, 1);
            assertThat(emitted.get()).isLessThan(100);
            byte[] all = reader.readAllBytes();
            assertThat(all).hasSize(100 * size);
            for (int i = 0; i < 100; i++) {
                assertThat(all[i * size]).isEqualTo((byte) i);
            }
        }
        Support.get(write);
    }

    @Test
    void anUnreadPipeTakesNoSendBlocks() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        try (Trale small = Trale.start(ExecutorOptions.defaults().fileBlocks(1, 100_000).sendBlocks(1, 1000));
                Support.Pair pair = Support.Pair.of(small)) {
            small.write(pipe, Flux.just(ByteBuffer.allocate(1 << 20))).subscribe(null, failure -> { });
            InputStream reader = Files.newInputStream(pipe);
            Support.until("its block is taken",
                    () -> Support.onLoop(small, () -> Internals.loop(small).reactor.pools().fileBlocks().free()) == 0);
            pair.connection().send(texts("hello")).block(LIMIT);
            assertThat(Support.read(pair.peer(), 5)).isEqualTo("hello".getBytes());
            reader.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 5000, 300_000})
    void aCancelStopsAtTheEndOfAnElement(int size) throws Exception {
        byte[] element = Support.bytes(5, size);
        Random random = new Random(size);
        for (int i = 0; i < 30; i++) {
            Path file = directory.resolve("cancelled" + i);
            CountDownLatch cancelled = new CountDownLatch(1);
            AtomicLong emitted = new AtomicLong();
            Disposable write = trale.write(file, Flux.<ByteBuffer>generate(sink -> {
                emitted.incrementAndGet();
                sink.next(ByteBuffer.wrap(element));
            }).doOnCancel(cancelled::countDown)).subscribe();
            Support.until("it has begun", () -> emitted.get() > 0);
            for (int spin = random.nextInt(100_000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            write.dispose();
            assertThat(cancelled.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            Support.untilDescriptors(descriptors);
            byte[] all = Files.readAllBytes(file);
            assertThat(all.length % size).isZero();
            for (int at = 0; at < all.length; at += size) {
                assertThat(Arrays.equals(all, at, at + size, element, 0, size)).as("element at %d", at).isTrue();
            }
            Files.delete(file);
        }
    }

    @Test
    void aCancelDuringTheOpenLeavesNothing() throws Exception {
        Path pipe = directory.resolve("pipe"); // its open waits for a reader
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        AtomicBoolean subscribed = new AtomicBoolean();
        Disposable write = trale.write(pipe, texts("x").doOnSubscribe(s -> subscribed.set(true))).subscribe();
        Support.until("the open waits", () -> Support.onLoop(trale, () -> Internals.loop(trale).reactor.deadlines().size()) == 1);
        write.dispose();
        Support.until("nobody waits", () -> Support.onLoop(trale, () -> Internals.loop(trale).reactor.deadlines().size()) == 0);
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
        assertThat(subscribed).isFalse();
    }

    // ---- the loop closes

    @Test
    void closingTheLoopFailsTheWriteAndCancelsItsSource() {
        AtomicBoolean cancelled = new AtomicBoolean();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        CompletableFuture<Void> requested = new CompletableFuture<>();
        trale.write(path, Flux.<ByteBuffer>never().doOnRequest(n -> requested.complete(null))
                .doOnCancel(() -> cancelled.set(true))).subscribe(null, end::complete);
        Support.get(requested);
        close();
        assertThat(Support.get(end)).isInstanceOf(ClosedChannelException.class);
        assertThat(cancelled).isTrue();
        StepVerifier.create(trale.write(path, Flux.empty())).expectError(ClosedChannelException.class).verify(LIMIT);
    }

    // ---- sinks

    @Test
    void aSinkWritesItsElements() {
        Sink<ByteBuffer> sink = trale.sink(path, WriteOptions.defaults().sync(true));
        texts("one,", "two").publishOn(Schedulers.parallel()).subscribe(sink);
        sink.onEnd().block(LIMIT);
        assertThat(text()).isEqualTo("one,two");
    }

    @Test
    void aSinkWhoseFileCannotBeOpenedCancelsItsSource() {
        Sink<ByteBuffer> sink = trale.sink(directory);
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        expectFailure(sink.onEnd(), EISDIR, "open(" + directory);
        Support.until("it is cancelled", source::wasCancelled);
        source.assertWasNotRequested();
    }

    // ---- Reactor's conventions

    @Test
    void scansAndHooksSeeItsNameAndTheSourceItsContext() {
        Queue<String> assembled = new ConcurrentLinkedQueue<>();
        Hooks.onEachOperator("seen", publisher -> {
            assembled.add(Scannable.from(publisher).stepName());
            return publisher;
        });
        try {
            trale.write(path, Flux.empty());
        } finally {
            Hooks.resetOnEachOperator("seen");
        }
        assertThat(assembled).contains("sink(traleWrite)");
        Flux<ByteBuffer> source = Flux.deferContextual(context -> Flux.just(buffer(context.get("key"))));
        trale.write(path, source).contextWrite(context -> context.put("key", "value")).block(LIMIT);
        assertThat(text()).isEqualTo("value");
    }
}
