package io.trale.reactive.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.ReadOptions;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/// Files on the real kernel, read on demand: regular files of every size, those of `/proc`, pipes, and files that cannot be
/// read.
class FileReadTest extends FileTestBase {

    private static final int CHUNK = 4096;
    private static final ReadOptions CHUNKS = ReadOptions.defaults().chunk(CHUNK);

    private byte[] write(int count) throws IOException {
        byte[] bytes = Support.bytes(count, count);
        Files.write(path, bytes);
        return bytes;
    }

    private static byte[] join(List<ByteBuffer> elements) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        elements.forEach(element -> all.writeBytes(Support.bytesOf(element)));
        return all.toByteArray();
    }

    private static byte[] all(Flux<ByteBuffer> read) {
        return join(read.collectList().block(LIMIT));
    }

    private Path pipe() {
        Path pipe = directory.resolve("pipe");
        try {
            assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        return pipe;
    }

    // ---- contents

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 3", "1, 1", "1, 3", "4095, 2", "4096, 1", "4096, 2", "4097, 2", "12288, 2", "12288, 5",
        "1000000, 1", "1000000, 2", "1000000, 7"})
    void aFileIsReadInOrderInChunksOfExactSize(int size, int depth) throws IOException {
        byte[] bytes = write(size);
        List<ByteBuffer> elements = trale.read(path, CHUNKS.depth(depth)).collectList().block(LIMIT);
        assertThat(join(elements)).isEqualTo(bytes);
        assertThat(elements).hasSize((size + CHUNK - 1) / CHUNK).allSatisfy(element -> {
            assertThat(element.hasArray()).isTrue();
            assertThat(element.array()).hasSize(element.remaining());
        });
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 1", "0, 5000", "1, 4096", "4095, 2", "5000, 10000", "9999, 1", "9999, 100", "10000, 1",
        "1000000, 5", "9223372036854775807, 1", "3, 9223372036854775807"})
    void aRangeIsReadAsFarAsItExists(long offset, long length) throws IOException {
        byte[] bytes = write(10_000);
        int from = (int) Math.min(offset, bytes.length);
        int to = (int) Math.min(bytes.length, length > bytes.length - from ? bytes.length : from + length);
        assertThat(all(trale.read(path, CHUNKS.offset(offset).length(length)))).isEqualTo(Arrays.copyOfRange(bytes, from, to));
    }

    @Test
    void eachSubscriptionReadsTheWholeFile() throws IOException {
        byte[] bytes = write(100_000);
        Flux<ByteBuffer> read = trale.read(path);
        List<byte[]> all = Flux.merge(IntStream.range(0, 10).mapToObj(i -> read.collectList()).toList())
                .map(FileReadTest::join).collectList().block(LIMIT);
        assertThat(all).hasSize(10).allSatisfy(one -> assertThat(one).isEqualTo(bytes));
    }

    @Test
    void manyFilesShareFewBlocksInFifoOrder() throws IOException {
        byte[] bytes = write(50_000);
        try (Trale small = Trale.start(ExecutorOptions.defaults().fileBlocks(1, 1000))) {
            List<byte[]> all = Flux.range(0, 30).flatMap(i -> small.read(path).collectList(), 30)
                    .map(FileReadTest::join).collectList().block(LIMIT);
            assertThat(all).hasSize(30).allSatisfy(one -> assertThat(one).isEqualTo(bytes));
        }
    }

    @Test
    void elementsSurviveAnotherThread() throws IOException {
        byte[] bytes = write(3_000_000);
        assertThat(all(trale.read(path).publishOn(Schedulers.parallel(), 4))).isEqualTo(bytes);
    }

    // ---- demand

    @Test
    void noMoreIsReadThanRequested() throws IOException {
        write(20 * CHUNK);
        StepVerifier.create(trale.read(path, CHUNKS.depth(4)), 0)
                .expectSubscription()
                .then(() -> Support.until("it is open", () -> Support.descriptors() == descriptors + 1))
                .then(() -> Support.untilIdle(trale))
                .then(() -> untouched(() -> { }))
                .then(() -> untouched(() -> append(new byte[10])))
                .then(this::noteSubmitted)
                .thenRequest(1).expectNextCount(1)
                .then(() -> assertThat(submittedSince()).isEqualTo(1))
                .thenRequest(7).expectNextCount(7)
                .then(() -> assertThat(submittedSince()).isEqualTo(8))
                .then(() -> untouched(() -> { }))
                .thenRequest(2).expectNextCount(2)
                .then(() -> assertThat(submittedSince()).isEqualTo(10))
                .thenCancel()
                .verify(LIMIT);
    }

    private void untouched(Runnable action) {
        long enters = Support.asleep(trale);
        action.run();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().enters()).isEqualTo(enters);
    }

    private long submitted;

    private void noteSubmitted() {
        submitted = Support.submitted(trale);
    }

    private long submittedSince() {
        Support.asleep(trale);
        return Support.submitted(trale) - submitted;
    }

    private void append(byte[] bytes) {
        try {
            Files.write(path, bytes, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- changing files

    @Test
    void bytesAppendedBeforeTheEndIsReachedAreRead() throws IOException {
        write(CHUNK);
        StepVerifier.create(trale.read(path, CHUNKS), 1)
                .expectNextCount(1)
                .then(() -> append(new byte[5]))
                .thenRequest(1)
                .assertNext(element -> assertThat(element.remaining()).isEqualTo(5))
                .then(() -> append(new byte[6]))
                .thenRequest(1)
                .assertNext(element -> assertThat(element.remaining()).isEqualTo(6))
                .thenRequest(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void truncatedBytesAreNotRead() throws IOException {
        write(10 * CHUNK);
        StepVerifier.create(trale.read(path, CHUNKS), 2)
                .expectNextCount(2)
                .then(() -> cut(2 * CHUNK + 3))
                .thenRequest(1)
                .assertNext(element -> assertThat(element.remaining()).isEqualTo(3))
                .then(() -> cut(0))
                .thenRequest(1)
                .expectComplete()
                .verify(LIMIT);
    }

    private void cut(long size) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- other than regular files

    @ParameterizedTest
    @ValueSource(strings = {"/proc/version", "/proc/kallsyms", "/proc/self/environ"})
    void filesWithoutASizeAreReadToTheirEnd(String name) throws IOException {
        Path file = Path.of(name);
        assertThat(Files.size(file)).isZero();
        assertThat(all(trale.read(file, ReadOptions.defaults().depth(4)))).isEqualTo(Files.readAllBytes(file)).isNotEmpty();
    }

    @Test
    void devicesAreRead() {
        assertThat(all(trale.read(Path.of("/dev/null")))).isEmpty();
        assertThat(all(trale.read(Path.of("/dev/zero"), CHUNKS.length(100_000)))).isEqualTo(new byte[100_000]);
        assertThat(all(trale.read(Path.of("/dev/zero"), CHUNKS).take(5))).isEqualTo(new byte[5 * CHUNK]);
    }

    @Test
    void aPipeIsReadAsDataArrivesAndWaitsWithoutABlock() throws Exception {
        Path pipe = pipe();
        OutputStream[] writer = new OutputStream[1];
        Thread opener = Thread.ofPlatform().start(() -> {
            try {
                writer[0] = Files.newOutputStream(pipe);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        StepVerifier.create(trale.read(pipe).map(element -> new String(Support.bytesOf(element))), 0)
                .expectSubscription()
                .then(() -> join(opener))
                .then(() -> put(writer[0], "one"))
                .then(() -> Support.untilIdle(trale))
                .then(() -> untouched(() -> put(writer[0], ",two")))
                .thenRequest(1)
                .expectNext("one,two")
                .thenRequest(10)
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).as("one read at any demand").isEqualTo(1))
                .then(() -> assertThat(freeBlocks()).isEqualTo(64))
                .then(() -> put(writer[0], "three"))
                .expectNext("three")
                .then(() -> close(writer[0]))
                .expectComplete()
                .verify(LIMIT);
    }

    private static void put(OutputStream stream, String text) {
        try {
            stream.write(text.getBytes());
            stream.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(OutputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// The open does not wait for a writer; the read does.
    @Test
    void aReadOfAPipeWithoutAWriterMayBeCancelled() {
        Path pipe = pipe();
        StepVerifier.create(trale.read(pipe))
                .expectSubscription()
                .then(() -> Support.until("something is under way", () -> trale.stats().inFlight() == 1))
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void anOffsetInAPipeFails() throws IOException {
        Path pipe = pipe();
        Thread.ofPlatform().daemon().start(() -> {
            try (OutputStream writer = Files.newOutputStream(pipe)) {
                writer.write(0);
            } catch (IOException e) {
                // the pipe has no reader
            }
        });
        expectFailure(trale.read(pipe, CHUNKS.offset(1)), Errno.ESPIPE, pipe);
    }

    // ---- failures

    @Test
    void aMissingFileFailsAndIsNamed() {
        expectFailure(trale.read(path), Errno.ENOENT, path);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aDirectoryFailsAndIsNamed(int depth) {
        expectFailure(trale.read(directory, CHUNKS.depth(depth)), 21, directory);
    }

    @Test
    void aTooLongPathFails() {
        Path tooLong = Path.of("/" + "x/".repeat(3000));
        expectFailure(trale.read(tooLong), Errno.ENAMETOOLONG, tooLong);
    }

    private static void expectFailure(Flux<ByteBuffer> read, int errno, Path path) {
        StepVerifier.create(read).expectErrorSatisfies(failure -> {
            assertThat(failure).isInstanceOf(ErrnoException.class).hasMessageContaining(path.toString())
                    .hasMessageContaining(Errno.name(errno));
            assertThat(((ErrnoException) failure).errno()).isEqualTo(errno);
        }).verify(LIMIT);
    }

    @Test
    void optionsOutOfRangeThrow() {
        ReadOptions options = ReadOptions.defaults();
        assertThatThrownBy(() -> options.offset(-1)).hasMessage("offset is -1, must be at least 0");
        assertThatThrownBy(() -> options.length(-1)).hasMessage("length is -1, must be at least 0");
        assertThatThrownBy(() -> options.chunk(0)).hasMessage("chunk is 0, must be at least 1");
        assertThatThrownBy(() -> options.depth(0)).hasMessage("depth is 0, must be at least 1");
    }

    // ---- the loop closes

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void closingTheLoopEndsTheSubscriberAtAnyDemand(long demand) throws IOException {
        write(10 * CHUNK);
        StepVerifier.create(trale.read(path, CHUNKS), demand)
                .expectSubscription()
                .expectNextCount(demand)
                .then(() -> Support.asleep(trale))
                .then(this::close)
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
        StepVerifier.create(trale.read(path)).expectError(ClosedChannelException.class).verify(LIMIT);
    }

    @Test
    void closingTheLoopEndsAReadOfAPipeWithoutAWriter() {
        Path pipe = pipe();
        StepVerifier.create(trale.read(pipe))
                .expectSubscription()
                .then(() -> Support.until("something is under way", () -> trale.stats().inFlight() == 1))
                .then(this::close)
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
    }

    @Test
    void closingTheLoopInsideOnNextEndsWithoutDemand() throws IOException {
        write(10 * CHUNK);
        StepVerifier.create(trale.read(path, CHUNKS).doOnNext(element -> close()), 1)
                .expectNextCount(1)
                .expectError(ClosedChannelException.class)
                .verify(LIMIT);
    }

    // ---- with connections

    @Test
    void aFileIsSentOverAConnection() throws IOException {
        byte[] bytes = write(2_000_000);
        try (Support.Pair pair = Support.Pair.of(trale)) {
            Mono<Void> sent = pair.connection().send(trale.read(path)).then(pair.connection().shutdownOutput());
            sent.subscribe();
            assertThat(Support.readAll(pair.peer())).isEqualTo(bytes);
        }
    }
}
