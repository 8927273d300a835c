package io.trale.fs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimErrno;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPipe;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import io.trale.testing.ConnectionScripts;
import io.trale.testing.ImpatientFuture;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Files under random schedules: reads return the written bytes, at positions and at the cursor, with short transfers, in any
/// order of completions, and with cancels.
@Timeout(120)
class FileScheduleTest {

    private static final Path PATH = Path.of("/file");
    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.HICCUP);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "FileScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    private static void fill(Buffer buffer, byte[] bytes, int from, int count) {
        MemorySegment.copy(bytes, from, buffer.segment(), JAVA_BYTE, 0, count);
    }

    @Test
    void openOfAPipeOccupiesNoWorker() throws Exception {
        for (int seed = 0; seed < 100; seed++) {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SimPipe pipe = kernel.pipe("/pipe").readAfter(kernel.random().nextInt(300_000_000));
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                File file = executor.submit(File.open(Path.of("/pipe"), StandardOpenOption.WRITE)).join();
                try (Buffer buffer = Buffer.allocate(1)) {
                    assertThat(executor.submit(file.write(buffer, 0, 1)).join()).isOne();
                }
                file.close();
            });
            assertThat(pipe.received()).hasSize(1);
        }
    }

    @Test
    void openOfAPipeWithoutAReaderCanBeCancelled() throws Exception {
        for (int seed = 0; seed < 100; seed++) {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            kernel.pipe("/pipe").readAfter(Long.MAX_VALUE / 4);
            long patience = kernel.random().nextInt(300_000_000);
            Seeds.run(kernel, Seeds.options(kernel), executor -> assertThatThrownBy(() -> executor.submit(Async.timeout(
                    File.open(Path.of("/pipe"), StandardOpenOption.WRITE), Duration.ofNanos(patience))).join())
                    .isInstanceOf(TimeoutException.class));
        }
    }

    /// Writes `bytes` from `from` to `to`, each at its position.
    private static final class WriterAt extends Script {

        private final File file;
        private final byte[] bytes;
        private final int to;
        private final Buffer buffer;
        private int position;

        WriterAt(File file, byte[] bytes, int from, int to) {
            this.file = file;
            this.bytes = bytes;
            this.position = from;
            this.to = to;
            buffer = Buffer.allocate(Math.max(1, to - from));
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null) {
                position += ((IntFuture) last).resultAsInt();
            }
            if (position == to) {
                buffer.close();
                return null;
            }
            fill(buffer, bytes, position, to - position);
            return file.writeAt(buffer, 0, to - position, position);
        }

        @Override
        public void cancel() {
            super.cancel();
            buffer.close();
        }
    }

    /// Reads from `position` to the end of the file, or until a random cancel, and compares.
    private static final class ReaderAt extends Script {

        private final SimKernel kernel;
        private final File file;
        private final byte[] bytes;
        private Buffer buffer;
        private IntFuture read;
        private int position;

        ReaderAt(SimKernel kernel, File file, byte[] bytes, int position) {
            this.kernel = kernel;
            this.file = file;
            this.bytes = bytes;
            this.position = position;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null) {
                if ((Boolean) last.result()) {
                    int count = read.resultAsInt();
                    assertThat(buffer.segment().asSlice(0, count).toArray(JAVA_BYTE))
                            .isEqualTo(Arrays.copyOfRange(bytes, position, position + count));
                    assertThat(count == 0).as("the end").isEqualTo(position >= bytes.length);
                    position += Math.max(1, count);
                }
                buffer.close();
            }
            if (position > bytes.length) {
                return null;
            }
            buffer = Buffer.allocate(1 + kernel.random().nextInt(300));
            read = file.readAt(buffer, position);
            return new ImpatientFuture(kernel, read);
        }
    }

    @Test
    void writtenBytesAreReadAtEachPosition() {
        run("writtenBytesAreReadAtEachPosition", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            byte[] bytes = ConnectionScripts.pattern(random, random.nextInt(1000));
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                File file = executor.submit(File.create(PATH)).join();
                List<JoinHandle<Void>> tasks = new ArrayList<>();
                for (int from = 0; from < bytes.length;) {
                    int to = Math.min(bytes.length, from + 1 + random.nextInt(200));
                    tasks.add(executor.submit(new WriterAt(file, bytes, from, to)));
                    from = to;
                }
                for (JoinHandle<Void> task : tasks) {
                    task.join();
                }
                executor.submit(file.sync(random.nextBoolean())).join();
                assertThat(executor.submit(file.size()).join()).isEqualTo(bytes.length);
                tasks.clear();
                for (int i = 0; i < 4; i++) {
                    tasks.add(executor.submit(new ReaderAt(kernel, file, bytes, random.nextInt(bytes.length + 1))));
                }
                for (JoinHandle<Void> task : tasks) {
                    task.join();
                }
                file.close();
            });
            assertThat(kernel.bytes(PATH.toString())).isEqualTo(bytes);
        });
    }

    /// Writes at the cursor, with random cancels. A cancelled write does not move the cursor, so it is repeated.
    private static final class CursorWriter extends Script {

        private final SimKernel kernel;
        private final File file;
        private final byte[] bytes;
        private Buffer buffer;
        private IntFuture write;

        CursorWriter(SimKernel kernel, File file, byte[] bytes) {
            this.kernel = kernel;
            this.file = file;
            this.bytes = bytes;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null) {
                long before = file.position();
                if ((Boolean) last.result()) {
                    assertThat(write.resultAsInt()).isPositive();
                }
                assertThat(file.position()).isEqualTo(before);
                buffer.close();
            }
            int position = (int) file.position();
            int count = Math.min(bytes.length - position, 1 + kernel.random().nextInt(200));
            if (count == 0) {
                return null;
            }
            buffer = Buffer.allocate(count);
            fill(buffer, bytes, position, count);
            write = file.write(buffer, 0, count);
            return new ImpatientFuture(kernel, write);
        }
    }

    /// Reads at the cursor to the end, with random cancels.
    private static final class CursorReader extends Script {

        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final SimKernel kernel;
        private final File file;
        private final Buffer[] buffers;
        private Buffer buffer;
        private IntFuture read;

        CursorReader(SimKernel kernel, File file) {
            this.kernel = kernel;
            this.file = file;
            buffers = new Buffer[] {Buffer.allocate(1 + kernel.random().nextInt(200)), Buffer.allocate(10)};
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null && (Boolean) last.result()) {
                int count = read.resultAsInt();
                received.writeBytes(buffer.segment().asSlice(0, count).toArray(JAVA_BYTE));
                if (count == 0) {
                    Arrays.asList(buffers).forEach(Buffer::close);
                    file.close();
                    return null;
                }
            }
            buffer = buffers[kernel.random().nextInt(2)];
            read = file.read(buffer);
            return new ImpatientFuture(kernel, read);
        }
    }

    @Test
    void cancelledTransfersDoNotMoveTheCursor() {
        run("cancelledTransfersDoNotMoveTheCursor", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            byte[] bytes = ConnectionScripts.pattern(kernel.random(), kernel.random().nextInt(1000));
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                File file = executor.submit(File.create(PATH)).join();
                executor.submit(new CursorWriter(kernel, file, bytes)).join();
                file.seek(0);
                CursorReader reader = new CursorReader(kernel, file);
                executor.submit(reader).join();
                assertThat(reader.received.toByteArray()).isEqualTo(bytes);
            });
            assertThat(kernel.bytes(PATH.toString())).isEqualTo(bytes);
        });
    }

    @Test
    void bytesOfAPipeGoToTheNextRead() {
        run("bytesOfAPipeGoToTheNextRead", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            byte[] bytes = ConnectionScripts.pattern(kernel.random(), kernel.random().nextInt(500));
            kernel.pipe("/pipe").write(bytes).finish();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                CursorReader reader = new CursorReader(kernel, executor.submit(File.open(Path.of("/pipe"))).join());
                executor.submit(reader).join();
                assertThat(reader.received.toByteArray()).isEqualTo(bytes);
            });
        });
    }

    @Test
    void opensSizesAndSyncsMayBeCancelledAtAnyTime() {
        run("opensSizesAndSyncsMayBeCancelledAtAnyTime", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private int rounds = 20;
                private Future<File> open;
                private File file;

                @Override
                protected Future<?> next(Future<?> last) {
                    if (last != null && open != null && ((ImpatientFuture) last).result()) {
                        try {
                            file = open.result();
                        } catch (Exception e) {
                            assertThat(((ErrnoException) e).errno()).isIn(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM,
                                    SimErrno.EIO, SimErrno.ENOSPC);
                        }
                    }
                    open = null;
                    if (file != null && random.nextInt(4) == 0) {
                        file.close();
                        file = null;
                    }
                    if (--rounds < 0) {
                        if (file != null) {
                            file.close();
                        }
                        return null;
                    }
                    if (file == null) {
                        open = File.create(PATH);
                        return new ImpatientFuture(kernel, open);
                    }
                    return new ImpatientFuture(kernel, random.nextBoolean() ? file.size() : file.sync(random.nextBoolean()));
                }
            });
        });
    }

    /// Writes and reads at random positions, and ignores failures.
    private static final class Restless extends Script {

        private final File file;
        private final SplittableRandom random;
        private final Buffer buffer = Buffer.allocate(100);

        Restless(File file, SplittableRandom random) {
            this.file = file;
            this.random = random;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            try {
                if (last != null) {
                    last.result();
                }
            } catch (ErrnoException e) {
                if (e.errno() == Errno.ECANCELED) {
                    buffer.close();
                    return null; // the file is closed
                }
                assertThat(e.errno()).isIn(SimErrno.EIO, SimErrno.ENOSPC);
            }
            return switch (random.nextInt(4)) {
                case 0 -> file.readAt(buffer, random.nextInt(1000));
                case 1 -> file.writeAt(buffer, 0, 1 + random.nextInt(100), random.nextInt(1000));
                case 2 -> file.sync(true);
                default -> file.size();
            };
        }

        @Override
        public void cancel() {
            super.cancel();
            buffer.close();
            file.close();
        }
    }

    @Test
    void closeAtAnyMomentLeavesNothing() {
        run("closeAtAnyMomentLeavesNothing", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL.with(Fault.EXHAUSTION, 0).with(Fault.DISK_FAILURE, 0.005));
            SplittableRandom random = kernel.random();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                SettableFuture done = new SettableFuture();
                executor.submit(new Script() {
                    @Override
                    protected Future<?> next(Future<?> last) {
                        if (last == null) {
                            return File.open(PATH, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                        }
                        try {
                            File file = (File) last.result();
                            for (int i = 0; i < 4; i++) {
                                Executor.spawn(new Restless(file, random));
                            }
                            if (random.nextBoolean()) {
                                kernel.foreignAfter(random.nextLong(2_000_000), () -> executor.execute(file::close));
                            }
                        } catch (Exception e) {
                            assertThat(((ErrnoException) e).errno()).isIn(SimErrno.EIO, SimErrno.ENOSPC);
                        }
                        return null;
                    }
                });
                kernel.foreignAfter(random.nextLong(3_000_000), () ->
                        executor.execute(random.nextBoolean() ? executor::close : done::set));
                try {
                    executor.submit(done).join();
                } catch (RejectedExecutionException | CancellationException e) {
                    // closed
                }
            });
        });
    }
}
