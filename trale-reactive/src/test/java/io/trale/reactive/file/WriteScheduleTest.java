package io.trale.reactive.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.reactive.Internals;
import io.trale.reactive.Sink;
import io.trale.reactive.Trale;
import io.trale.reactive.WriteOptions;
import io.trale.reactive.testing.EndListener;
import io.trale.reactive.testing.SimSource;
import io.trale.reactive.testing.SimTrale;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPipe;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Writes of files on the simulated kernel with random schedules: all accepted elements are in the file in order, or a prefix
/// of them up to a failure or the end of an element; no descriptor is left open, no block is kept.
@Timeout(120)
class WriteScheduleTest {

    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.HICCUP, 0.1);
    private static final Path PATH = Path.of("/file");

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-reactive", "WriteScheduleTest#" + name, 0.03, scenario);
    }

    private static byte[] bytes(SplittableRandom random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static Mono<Void> write(Trale trale, Publisher<ByteBuffer> source, WriteOptions options, boolean throughSink) {
        if (!throughSink) {
            return trale.write(PATH, source, options);
        }
        return Mono.defer(() -> {
            Sink<ByteBuffer> sink = trale.sink(PATH, options);
            source.subscribe(sink);
            return sink.onEnd();
        });
    }

    private static SimSource source(SimKernel kernel, byte[] bytes, int size, List<String> breaches) {
        return new SimSource(kernel, bytes, size, breaches, kernel.random().nextBoolean());
    }

    @Test
    void emittedElementsAreInTheFileAtTheEnd() {
        run("emittedElementsAreInTheFileAtTheEnd", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            boolean append = random.nextBoolean();
            int from = append || random.nextBoolean() ? 0 : random.nextInt(100);
            WriteOptions options = append
                    ? WriteOptions.defaults().open(StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    : WriteOptions.defaults().offset(from);
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                Flux<Void> writes = Flux.empty();
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    byte[] bytes = bytes(random, 1000);
                    if (!append) {
                        expected.reset();
                        expected.writeBytes(new byte[bytes.length > 0 ? from : 0]);
                    }
                    expected.writeBytes(bytes);
                    writes = writes.concatWith(write(trale, source(kernel, bytes, 0, breaches),
                            options.sync(random.nextBoolean()), random.nextBoolean()));
                }
                writes.then().subscribe(new EndListener(breaches, failure -> {
                    assertThat(failure).isNull();
                    assertThat(kernel.bytes(PATH.toString())).isEqualTo(expected.toByteArray());
                    done.set();
                }));
            });
            assertThat(breaches).isEmpty();
        });
    }

    @Test
    void aPipeGetsEveryElementInOrder() {
        run("aPipeGetsEveryElementInOrder", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            List<String> breaches = new ArrayList<>();
            byte[] bytes = bytes(kernel.random(), 1000);
            SimPipe pipe = kernel.pipe(PATH.toString());
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) ->
                    write(trale, source(kernel, bytes, 0, breaches), WriteOptions.defaults(), kernel.random().nextBoolean())
                            .subscribe(new EndListener(breaches, failure -> {
                                assertThat(failure).isNull();
                                done.set();
                            })));
            assertThat(breaches).isEmpty();
            assertThat(pipe.received()).isEqualTo(bytes);
        });
    }

    @Test
    void aCancelAtAnyMomentLeavesWholeElements() {
        run("aCancelAtAnyMomentLeavesWholeElements", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            int size = 1 + random.nextInt(200);
            byte[] bytes = new byte[size * random.nextInt(20)];
            random.nextBytes(bytes);
            kernel.write(PATH.toString(), new byte[0]); // the write may be cancelled before it creates the file
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                EndListener outcome = new EndListener(breaches, failure -> closed(trale, kernel, done));
                trale.write(PATH, source(kernel, bytes, size, breaches)).subscribe(outcome);
                kernel.foreignAfter(random.nextLong(2_000_000), outcome::cancelEarly);
            });
            byte[] written = kernel.bytes(PATH.toString());
            assertThat(breaches).isEmpty();
            assertThat(written).isEqualTo(Arrays.copyOf(bytes, written.length));
            assertThat(written.length % size).isZero();
        });
    }

    /// Sets `done` once the file is closed, because no signal follows a cancel.
    private static void closed(Trale trale, SimKernel kernel, SettableFuture done) {
        kernel.foreignAfter(100_000, () -> Internals.loop(trale).execute(() -> {
            if (trale.stats().inFlight() == 0) {
                done.set();
            } else {
                closed(trale, kernel, done);
            }
        }));
    }

    @Test
    void failuresLeaveAPrefixOfTheElements() {
        run("failuresLeaveAPrefixOfTheElements", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL.with(Fault.DISK_FAILURE, 0.05).with(Fault.DISK_FULL, 0.05));
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            byte[] bytes = bytes(random, 1000);
            boolean breaks = random.nextInt(3) == 0;
            IllegalStateException broken = new IllegalStateException("on purpose");
            kernel.write(PATH.toString(), new byte[0]);
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                SimSource whole = source(kernel, bytes, 0, breaches);
                Publisher<ByteBuffer> source = breaks ? Flux.concat(whole, Mono.error(broken)) : whole;
                EndListener outcome = new EndListener(breaches, failure -> {
                    boolean expected = failure == null ? !breaks
                            : failure == broken ? breaks
                            : failure instanceof ErrnoException || failure instanceof ClosedChannelException
                                    || failure instanceof CancellationException;
                    if (!expected) {
                        breaches.add("end: " + failure);
                    }
                    if ((failure == null || failure == broken)
                            && !Arrays.equals(kernel.bytes(PATH.toString()), bytes)) {
                        breaches.add("not all was written");
                    }
                });
                write(trale, source, WriteOptions.defaults().sync(random.nextBoolean()), random.nextBoolean())
                        .subscribe(outcome);
                if (random.nextBoolean()) {
                    kernel.foreignAfter(random.nextLong(2_000_000), outcome::cancelEarly);
                }
                kernel.foreignAfter(random.nextLong(5_000_000), () -> {
                    if (random.nextBoolean()) {
                        Internals.loop(trale).execute(trale::close);
                    } else {
                        Internals.loop(trale).execute(done::set);
                    }
                });
            });
            assertThat(breaches).isEmpty();
            byte[] written = kernel.bytes(PATH.toString());
            assertThat(written).isEqualTo(Arrays.copyOf(bytes, written.length));
        });
    }
}
