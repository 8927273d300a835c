package io.trale.fs;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.yieldNow;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.net.UnixListener;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.ProcSelf;
import java.lang.foreign.ValueLayout;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Files on the real kernel: opening with every option, cursor and positions, the errors of `open(2)`.
@Timeout(60)
class FileTest {

    @TempDir
    private Path directory;

    private Path path;
    private final Buffer buffer = Buffer.allocate(100);

    @BeforeEach
    void chooseAName() {
        path = directory.resolve("file");
    }

    @AfterEach
    void noExecutorIsLeft() {
        buffer.close();
        Executor.current().close();
    }

    private Buffer buffer(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        buffer.segment().asSlice(0, bytes.length).copyFrom(java.lang.foreign.MemorySegment.ofArray(bytes));
        return buffer;
    }

    private String text(int count) {
        return new String(buffer.segment().asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    @Test
    void consecutiveWritesAdvanceTheCursor() throws Exception {
        Executor.blockOn(async(() -> {
            File file = await(File.create(path));
            assertThat(await(file.write(buffer("Hello "), 0, 6))).isEqualTo(6);
            assertThat(await(file.writeAll(buffer("World!"), 0, 6))).isEqualTo(6);
            assertThat(file.position()).isEqualTo(12);
            await(file.sync(true));
            await(file.sync(false));
            assertThat(await(file.size())).isEqualTo(12);
            file.close();
        }));
        assertThat(path).hasContent("Hello World!");
    }

    @Test
    void consecutiveReadsAdvanceTheCursor() throws Exception {
        Files.writeString(path, "x".repeat(100) + "tail");
        Executor.blockOn(async(() -> {
            File file = await(File.open(path));
            assertThat(await(file.read(buffer))).isEqualTo(100);
            assertThat(await(file.read(buffer))).isEqualTo(4);
            assertThat(text(4)).isEqualTo("tail");
            assertThat(await(file.read(buffer))).isZero();
            file.seek(102);
            assertThat(await(file.read(buffer))).isEqualTo(2);
            assertThat(text(2)).isEqualTo("il");
            file.close();
        }));
    }

    @Test
    void aSeekDuringAReadMovesTheNextOne() throws Exception {
        Files.writeString(path, "0123456789");
        Executor.blockOn(async(() -> {
            File file = await(File.open(path));
            Buffer four = Buffer.allocate(4);
            IntFuture read = file.read(four);
            assertThat(read.poll(() -> { })).isFalse(); // staged, not submitted
            file.seek(8);
            assertThat(await(read)).isEqualTo(4);
            assertThat(four.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) '0');
            assertThat(file.position()).isEqualTo(8);
            assertThat(await(file.read(four))).isEqualTo(2);
            assertThat(file.position()).isEqualTo(10);
            file.close();
            four.close();
        }));
    }

    @Test
    void positionedIoDoesNotMoveTheCursor() throws Exception {
        Executor.blockOn(async(() -> {
            File file = await(File.create(path));
            Buffer one = Buffer.allocate(4);
            Buffer two = Buffer.allocate(4);
            one.segment().fill((byte) 'a');
            two.segment().fill((byte) 'b');
            assertThat(await(join(file.writeAt(one, 0, 4, 4), file.writeAt(two, 0, 4, 0)))).isEqualTo(List.of(4, 4));
            assertThat(file.position()).isZero();
            assertThat(await(join(file.readAt(one, 0), file.readAt(two, 6)))).isEqualTo(List.of(4, 2));
            assertThat(one.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 'b');
            assertThat(two.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 'a');
            file.close();
            one.close();
            two.close();
        }));
        assertThat(path).hasContent("bbbbaaaa");
    }

    @Test
    void gatheringWritesAtTheCursorAndAtAPosition() throws Exception {
        Executor.blockOn(async(() -> {
            File file = await(File.create(path));
            Buffer other = Buffer.allocate(3);
            other.segment().fill((byte) '-');
            buffer("head tail");
            assertThat(await(file.write(buffer.slice(0, 4), other.slice(0, 3), buffer.slice(5, 4)))).isEqualTo(11);
            assertThat(file.position()).isEqualTo(11);
            Slice[] many = new Slice[3000];
            Arrays.fill(many, other.slice(0, 1));
            assertThat(await(file.write(many))).as("as many as the kernel takes").isEqualTo(1024);
            assertThat(await(file.writeAll(many))).isEqualTo(3000);
            assertThat(await(file.writeAt(2, buffer.slice(8, 1), other.slice(1, 0), buffer.slice(7, 1)))).isEqualTo(2);
            assertThat(await(file.write())).isZero();
            assertThat(file.position()).isEqualTo(11 + 1024 + 3000);
            file.close();
            other.segment().fill((byte) 0); // owned by us again
            other.close();
        }));
        assertThat(path).hasContent("heli---tail" + "-".repeat(4024));
    }

    @Test
    void resultMayBeCalledTwice() throws Exception {
        Files.writeString(path, "abcd");
        Executor.blockOn(async(() -> {
            File file = await(File.open(path));
            Buffer one = Buffer.allocate(4);
            Buffer two = Buffer.allocate(2);
            IntFuture read = file.readAt(one, 0);
            assertThat(await(read)).isEqualTo(4);
            assertThat(read.resultAsInt()).isEqualTo(4);
            assertThat(await(join(file.readAt(one, 1), file.readAt(two, 0)))).isEqualTo(List.of(3, 2));
            file.close();
            one.close();
            two.close();
        }));
    }

    @Test
    void resultOfAnOpenMayBeCalledTwice() throws Exception {
        Future<File> open = File.open(path, CREATE, WRITE, WRITE);
        File file = Executor.blockOn(open);
        assertThat(open.result()).isSameAs(file);
        file.close();
    }

    @Test
    void aReadIntoTheMiddleLeavesTheRestOfTheBufferAlone() throws Exception {
        Files.writeString(path, "0123456789");
        Executor.blockOn(async(() -> {
            try (File file = await(File.open(path))) {
                buffer("head: ----!");
                assertThat(await(file.readAt(buffer, 6, 4, 3))).isEqualTo(4);
                assertThat(text(11)).isEqualTo("head: 3456!");
                assertThat(await(file.readAt(buffer, 98, 2, 9))).isEqualTo(1);
                assertThatThrownBy(() -> file.readAt(buffer, 98, 3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            }
        }));
    }

    @Test
    void openOptionsAreThoseOfTheFileSystem() throws Exception {
        Files.writeString(path, "old");
        Executor.blockOn(async(() -> {
            File append = await(File.open(path, APPEND));
            await(append.write(buffer("+new"), 0, 4));
            append.close();
            assertThat(path).hasContent("old+new");

            await(File.open(path, WRITE, TRUNCATE_EXISTING)).close();
            assertThat(path).isEmptyFile();

            await(File.open(directory.resolve("created"), WRITE, CREATE)).close();
            assertThat(directory.resolve("created")).exists();
        }));
        assertThatThrownBy(() -> Executor.blockOn(File.open(path, WRITE, CREATE_NEW)))
                .hasMessage("open(" + path + "): EEXIST, file exists");
        assertThatThrownBy(() -> File.open(path, APPEND, TRUNCATE_EXISTING)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void errorsNameThePathAndTheCause() throws Exception {
        assertThatThrownBy(() -> Executor.blockOn(File.open(path))).hasMessage("open(" + path + "): ENOENT, no such file or directory");
        assertThatThrownBy(() -> Executor.blockOn(File.open(directory, READ, WRITE))).hasMessageContaining("EISDIR");
        assertThatThrownBy(() -> Executor.blockOn(File.open(Path.of("/" + "x".repeat(5000))))).hasMessageContaining("ENAMETOOLONG");
        assertThatThrownBy(() -> File.open(Path.of("a\0b"))).isInstanceOf(InvalidPathException.class);
        Executor.blockOn(async(() -> {
            File file = await(File.create(path));
            assertThatThrownBy(() -> file.seek(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.readAt(buffer, -1)).isInstanceOf(IllegalArgumentException.class);
            file.close();
            assertThatThrownBy(() -> await(file.read(buffer))).hasMessageContaining("ECANCELED");
        }));
    }

    @Test
    void directoriesAreMadeOnce() throws Exception {
        Executor.blockOn(File.mkdir(path));
        assertThat(path).isDirectory();
        assertThatThrownBy(() -> Executor.blockOn(File.mkdir(path))).hasMessage("mkdir(" + path + "): EEXIST, file exists");
    }

    @Test
    void aFileOfACancelledOpenIsClosed() throws Exception {
        Files.writeString(path, "x");
        Executor.blockOn(File.open(path)).close(); // the first open may load classes, which opens files
        Executor.blockOn(async(() -> {
            long before = descriptors();
            for (int i = 0; i < 100; i++) {
                var open = File.open(path);
                boolean[] woken = {false};
                assertThat(open.poll(() -> woken[0] = true)).isFalse();
                while (i % 2 == 0 && !woken[0]) {
                    await(yieldNow()); // opened, but not polled
                }
                open.cancel();
            }
            while (Executor.current().stats().inFlight() > 0) {
                await(yieldNow());
            }
            assertThat(descriptors()).isEqualTo(before);
        }));
    }

    @Test
    void aPipeIsReadInOrderAndHasNoPosition() throws Exception {
        Process process = new ProcessBuilder("mkfifo", path.toString()).start();
        assertThat(process.waitFor()).isZero();
        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                Files.writeString(path, "through a pipe");
            } catch (java.io.IOException e) {
                throw new AssertionError(e);
            }
        });
        Executor.blockOn(async(() -> {
            File file = await(File.open(path));
            assertThatThrownBy(() -> file.seek(0)).hasMessageContaining("ESPIPE");
            StringBuilder got = new StringBuilder();
            for (int count; (count = await(file.read(buffer))) > 0;) {
                got.append(text(count));
            }
            assertThat(got.toString()).isEqualTo("through a pipe");
            file.close();
        }));
        writer.join();
    }

    @Test
    void waitingOpensDelayNoOtherFile() throws Exception {
        List<Path> pipes = new ArrayList<>();
        for (int i = 0; i < 20; i++) { // more than the workers of a small machine
            pipes.add(directory.resolve("pipe" + i));
        }
        List<String> command = new ArrayList<>(List.of("mkfifo"));
        pipes.forEach(pipe -> command.add(pipe.toString()));
        assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
        Executor.blockOn(async(() -> {
            List<JoinHandle<File>> waiting = new ArrayList<>();
            for (Path pipe : pipes) {
                waiting.add(Executor.spawn(File.open(pipe, WRITE, CREATE, TRUNCATE_EXISTING)));
            }
            await(yieldNow());
            try (File file = await(File.create(path))) {
                await(file.write(buffer("x"), 0, 1));
                await(file.sync(true));
            }
            waiting.removeFirst().abort();
            pipes.removeFirst();
            for (int i = 0; i < pipes.size(); i++) {
                Path pipe = pipes.get(i);
                CompletableFuture<byte[]> read = new CompletableFuture<>();
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        read.complete(Files.readAllBytes(pipe));
                    } catch (java.io.IOException e) {
                        read.completeExceptionally(e);
                    }
                });
                try (File writer = await(waiting.get(i))) {
                    await(writer.write(buffer("hello"), 0, 5));
                }
                while (!read.isDone()) {
                    await(yieldNow());
                }
                assertThat(read.get()).isEqualTo("hello".getBytes());
            }
        }));
    }

    @Test
    void aSocketCannotBeOpened() throws Exception {
        try (UnixListener listener = UnixListener.bind(UnixDomainSocketAddress.of(path))) {
            assertThat(listener.localAddress().getPath()).isEqualTo(path);
            assertThatThrownBy(() -> Executor.blockOn(File.open(path, WRITE))).hasMessageContaining("ENXIO");
        }
    }

    @Test
    void anOpenFileWaitsForItsReadsAndKeepsAppending() throws Exception {
        Executor.blockOn(async(() -> {
            try (File file = await(File.open(path, CREATE, APPEND))) {
                long flags = Long.parseLong(Files.readAllLines(Path.of("/proc/self/fdinfo/" + file.descriptor().fd())).stream()
                        .filter(line -> line.startsWith("flags:")).findFirst().orElseThrow().substring(6).strip(), 8);
                assertThat(flags & (io.trale.linux.Files.O_NONBLOCK | io.trale.linux.Files.O_APPEND))
                        .isEqualTo(io.trale.linux.Files.O_APPEND);
            }
        }));
    }

    // ---- closing

    @Test
    void aFileIsClosedThroughTheRing() throws Exception {
        List<Integer> closed = new ArrayList<>();
        Executor.open(new InterceptedKernel() {
            @Override
            public int close(int fd) {
                closed.add(fd);
                return super.close(fd);
            }
        }, ExecutorOptions.defaults());
        Executor.blockOn(async(() -> {
            File file = await(File.create(path));
            int fd = file.descriptor().fd();
            file.close();
            assertThat(file.descriptor().isClosed()).as("the completion is not handled yet").isFalse();
            while (!file.descriptor().isClosed()) {
                await(yieldNow());
            }
            assertThat(closed).doesNotContain(fd);
            assertThat(ProcSelf.files(path)).isZero();
        }));
    }

    @Test
    void closeOfAnExecutorWaitsForItsFiles() throws Exception {
        File[] file = {null};
        try (Executor executor = Executor.start("files")) {
            executor.submit(async(() -> {
                file[0] = await(File.create(path));
                file[0].close();
            })).join();
        }
        assertThat(file[0].descriptor().isClosed()).isTrue();
        assertThat(ProcSelf.files(path)).isZero();
    }

    @Test
    void aFileWhoseRingIsClosedIsClosedAtOnce() throws Exception {
        File file = Executor.blockOn(File.create(path));
        assertThat(ProcSelf.files(path)).isOne();
        file.close();
        assertThat(file.descriptor().isClosed()).isTrue();
        assertThat(ProcSelf.files(path)).isZero();
    }

    /// Without jars, which the JVM opens at any time.
    private long descriptors() {
        return ProcSelf.descriptors() + ProcSelf.files(path);
    }

    @Test
    void aNewFileHasTheGivenMode() throws Exception {
        Executor.blockOn(async(() -> {
            await(File.open(path, 0600, CREATE, WRITE)).close();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rw-------");
        }));
        assertThatThrownBy(() -> File.open(path, 010000, CREATE, WRITE)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("010000");
    }

    @Test
    void aNullSliceDoesNotLockTheFile() throws Exception {
        Executor.blockOn(async(() -> {
            try (File file = await(File.create(directory.resolve("file"))); Buffer buffer = Buffer.allocate(4)) {
                assertThatThrownBy(() -> file.write(buffer.slice(0, 4), null)).isInstanceOf(NullPointerException.class);
                assertThat(await(file.write(buffer.slice(0, 3)))).isEqualTo(3);
            }
        }));
    }
}
