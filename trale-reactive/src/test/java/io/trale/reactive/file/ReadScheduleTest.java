package io.trale.reactive.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.future.ErrnoException;
import io.trale.reactive.ReadOptions;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;

/// Reads of files on the simulated kernel with random schedules: in order, whatever the order of completions; nothing is
/// doubled or omitted, no descriptor is left open, no block is kept.
@Timeout(120)
class ReadScheduleTest {

    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.HICCUP, 0.1);
    private static final Path PATH = Path.of("/file");

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-reactive", "ReadScheduleTest#" + name, 0.03, scenario);
    }

    private static byte[] bytes(SplittableRandom random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static ReadOptions options(SplittableRandom random) {
        return ReadOptions.defaults().chunk(1 + random.nextInt(200)).depth(1 + random.nextInt(4));
    }

    /// True for `failure` if the kernel may fail the read; true for `anyEnd` if it may end at any position.
    private record Allowed(boolean failure, boolean anyEnd) {}

    /// Checks every element against the contents of the file.
    private static final class Reader extends RandomDemandSubscriber<ByteBuffer> {

        private final Trale trale;
        private final Flux<ByteBuffer> read;
        private final byte[] content;
        private final Allowed allowed;
        private final int lives;
        private final Runnable whenEnded;
        private int position;

        Reader(SimKernel kernel, List<String> breaches, Trale trale, Flux<ByteBuffer> read, byte[] content, Allowed allowed,
                int lives, Runnable whenEnded) {
            super(kernel, breaches);
            this.trale = trale;
            this.read = read;
            this.content = content;
            this.allowed = allowed;
            this.lives = lives;
            this.whenEnded = whenEnded;
        }

        void begin() {
            read.subscribe(this);
        }

        @Override
        protected void take(ByteBuffer element) {
            byte[] bytes = Support.bytesOf(element);
            int to = position + bytes.length;
            if (bytes.length == 0 || to > content.length
                    || !Arrays.equals(content, position, to, bytes, 0, bytes.length)) {
                breaches.add(bytes.length + " bytes that are not at " + position);
            }
            position = to;
        }

        @Override
        protected void cancelled() {
            Internals.loop(trale).run(() -> {
                if (lives == 0) {
                    whenEnded.run();
                } else {
                    new Reader(kernel, breaches, trale, read, content, allowed, lives - 1, whenEnded).begin();
                }
            });
        }

        @Override
        protected void end(Throwable failure) {
            boolean closed = failure != null && failure.getMessage().equals("the loop is closed");
            if (failure == null ? position != content.length && !allowed.anyEnd
                    : !closed && !(allowed.failure && failure instanceof ErrnoException)) {
                breaches.add("end at " + position + " of " + content.length + ": " + failure);
            }
            whenEnded.run();
        }
    }

    @Test
    void aFileArrivesInOrderAtRandomDemand() {
        run("aFileArrivesInOrderAtRandomDemand", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            byte[] bytes = bytes(random, 2000);
            int from = random.nextBoolean() ? 0 : random.nextInt(bytes.length + 10);
            int length = random.nextBoolean() ? bytes.length : random.nextInt(bytes.length + 10);
            int begin = Math.min(from, bytes.length);
            byte[] expected = Arrays.copyOfRange(bytes, begin, Math.min(bytes.length, begin + length));
            kernel.write(PATH.toString(), bytes);
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                int[] readers = {1 + random.nextInt(3)};
                for (int i = readers[0]; i > 0; i--) {
                    Flux<ByteBuffer> read = trale.read(PATH, options(random).offset(from).length(length));
                    new Reader(kernel, breaches, trale, read, expected, new Allowed(false, false), random.nextInt(5),
                            () -> over(readers, done)).begin();
                }
            });
            assertThat(breaches).isEmpty();
        });
    }

    private static void over(int[] left, SettableFuture done) {
        if (--left[0] == 0) {
            done.set();
        }
    }

    @Test
    void aPipeArrivesInOrderAtRandomDemand() {
        run("aPipeArrivesInOrderAtRandomDemand", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            byte[] bytes = bytes(random, 500);
            kernel.pipe(PATH.toString()).write(bytes).finish();
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                Flux<ByteBuffer> read = trale.read(PATH, options(random));
                new Reader(kernel, breaches, trale, read, bytes, new Allowed(false, false), 0, done::set).begin();
            });
            assertThat(breaches).isEmpty();
        });
    }

    @Test
    void aChangingFileIsReadAsItIsAtEachRead() {
        run("aChangingFileIsReadAsItIsAtEachRead", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            byte[] longest = bytes(random, 2000);
            kernel.write(PATH.toString(), Arrays.copyOf(longest, random.nextInt(longest.length + 1)));
            for (int i = random.nextInt(5); i > 0; i--) {
                byte[] content = Arrays.copyOf(longest, random.nextInt(longest.length + 1));
                kernel.after(random.nextLong(2_000_000), () -> kernel.write(PATH.toString(), content));
            }
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                Flux<ByteBuffer> read = trale.read(PATH, options(random));
                new Reader(kernel, breaches, trale, read, longest, new Allowed(false, true), random.nextInt(3),
                        done::set).begin();
            });
            assertThat(breaches).isEmpty();
        });
    }

    @Test
    void closeDuringFailuresLeavesNothing() {
        run("closeDuringFailuresLeavesNothing", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL.with(Fault.DISK_FAILURE, 0.05));
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            byte[] bytes = bytes(random, 2000);
            kernel.write(PATH.toString(), bytes);
            kernel.pipe("/pipe").write(bytes);
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                new Reader(kernel, breaches, trale, trale.read(Path.of("/pipe"), options(random)), bytes,
                        new Allowed(true, false), 0, () -> { }).begin();
                for (int i = random.nextInt(4); i > 0; i--) {
                    Path path = Path.of(List.of("/file", "/file", "/missing", "/").get(random.nextInt(4)));
                    new Reader(kernel, breaches, trale, trale.read(path, options(random)), bytes, new Allowed(true, false),
                            random.nextInt(5), () -> { }).begin();
                }
                kernel.foreignAfter(random.nextLong(3_000_000), () -> {
                    if (random.nextBoolean()) {
                        Internals.loop(trale).execute(trale::close);
                    } else {
                        Internals.loop(trale).execute(done::set);
                    }
                });
            });
            assertThat(breaches).isEmpty();
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 5, 1", "3, 1, 1", "3, 2, 2", "3, 5, 3", "100, 7, 7"})
    void readsInFlightMatchTheDemandUpToTheDepth(int depth, int demand, long expected) throws Exception {
        SimKernel kernel = new SimKernel(1).strict().faults(Faults.NONE.with(Fault.LATE, 1));
        kernel.write(PATH.toString(), new byte[100]);
        long[] most = new long[1];
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> {
            trale.read(PATH, ReadOptions.defaults().chunk(10).depth(depth)).subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    kernel.after(1_000_000, () -> request(demand)); // the file is open by then
                }
            });
            for (int i = 1_000_000; i < 5_000_000; i += 5000) {
                kernel.after(i, () -> most[0] = Math.max(most[0], trale.stats().inFlight()));
            }
            kernel.foreignAfter(5_000_000, () -> Internals.loop(trale).execute(done::set));
        });
        assertThat(most[0]).isEqualTo(expected);
    }

    /// A read that finds no free block would wait in the queue, and every completion would have to pass it.
    @Test
    void noMoreReadsAreStagedThanThereAreBlocks() throws Exception {
        SimKernel kernel = new SimKernel(1).strict();
        kernel.write(PATH.toString(), new byte[1000]);
        long[] most = new long[1];
        int[] read = new int[1];
        SimTrale.run(kernel, ExecutorOptions.defaults().fileBlocks(4, 10), (trale, done) ->
                trale.read(PATH, ReadOptions.defaults().depth(100_000)).subscribe(element -> {
                    most[0] = Math.max(most[0], trale.stats().inFlight());
                    read[0] += element.remaining();
                }, null, done::set));
        assertThat(most[0]).isLessThanOrEqualTo(4);
        assertThat(read[0]).isEqualTo(1000);
    }

    /// Data of reads that are in flight at a cancel is dropped through Reactor's hook. Completed reads that waited are
    /// discarded.
    @Test
    void dataAfterACancelGoesToTheHooks() throws Exception {
        List<Object> dropped = new ArrayList<>();
        List<Object> discarded = new ArrayList<>();
        List<Throwable> errors = new ArrayList<>();
        Hooks.onNextDropped(dropped::add);
        Hooks.onErrorDropped(errors::add);
        try {
            for (int seed = 0; dropped.isEmpty() || discarded.isEmpty() || errors.isEmpty(); seed++) {
                assertThat(seed).as("seeds, and still " + dropped + discarded + errors).isLessThan(1000);
                SimKernel kernel = new SimKernel(seed).strict().faults(Faults.NONE.with(Fault.LATE, Fault.LOST_CANCEL)
                        .with(Fault.DISK_FAILURE, 0.05));
                kernel.write(PATH.toString(), new byte[10]);
                SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> {
                    Disposable reading = trale.read(PATH, ReadOptions.defaults().chunk(2).depth(3))
                            .doOnDiscard(ByteBuffer.class, discarded::add)
                            .subscribe(element -> { }, failure -> { });
                    kernel.foreignAfter(kernel.random().nextLong(500_000), reading::dispose);
                    kernel.foreignAfter(5_000_000, () -> Internals.loop(trale).execute(done::set));
                });
            }
        } finally {
            Hooks.resetOnNextDropped();
            Hooks.resetOnErrorDropped();
        }
        assertThat(dropped).hasOnlyElementsOfType(ByteBuffer.class);
        assertThat(errors).allSatisfy(error -> assertThat(error).hasMessageContaining("read(").hasMessageContaining("EIO"));
    }
}
