package io.trale.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Errno;
import io.trale.linux.Files;
import io.trale.linux.Net;
import io.trale.sim.SimErrno;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Files: the simulated kernel behaves like the real one.
@Timeout(60)
class FileConformanceTest {

    private static final int CREATE = Files.O_RDWR | Files.O_CREAT;

    @TempDir
    private Path temporary;

    /// A path in an empty directory.
    private String path(RingBench bench, String name) {
        for (int i = 1; i <= temporary.getNameCount(); i++) {
            mkdir(bench, "/" + temporary.subpath(0, i));
        }
        return temporary + "/" + name;
    }

    private static int open(RingBench bench, String path, int flags) {
        MemorySegment name = bench.arena.allocateFrom(path);
        return bench.opened(bench.call(sqe -> sqe.prepOpenat(Files.AT_FDCWD, name.address(), flags | Files.O_CLOEXEC, 0600)));
    }

    private static int mkdir(RingBench bench, String path) {
        MemorySegment name = bench.arena.allocateFrom(path);
        return bench.call(sqe -> sqe.prepMkdirat(Files.AT_FDCWD, name.address(), 0777));
    }

    private static int write(RingBench bench, int fd, long offset, int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        MemorySegment memory = bench.memory(bytes);
        return bench.call(sqe -> sqe.prepWrite(fd, memory.address(), bytes.length, offset));
    }

    /// The result of a read of at most 10 bytes.
    private static byte[] read(RingBench bench, int fd, long offset) {
        MemorySegment memory = bench.arena.allocate(10);
        int count = bench.call(sqe -> sqe.prepRead(fd, memory.address(), 10, offset));
        assertThat(count).isNotNegative();
        return memory.asSlice(0, count).toArray(JAVA_BYTE);
    }

    private static int readResult(RingBench bench, int fd) {
        MemorySegment memory = bench.arena.allocate(10);
        return bench.call(sqe -> sqe.prepRead(fd, memory.address(), 10, 0));
    }

    private static long size(RingBench bench, int fd) {
        MemorySegment answer = bench.arena.allocate(Files.STATX_BYTES, 8);
        MemorySegment empty = bench.arena.allocateFrom("");
        assertThat(bench.call(sqe -> sqe.prepStatx(fd, empty.address(), Files.AT_EMPTY_PATH, Files.STATX_SIZE, answer.address())))
                .isZero();
        return answer.get(JAVA_LONG, Files.STATX_SIZE_OFFSET);
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void writtenBytesAreReadAtEachPosition(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int fd = open(bench, path(bench, "file"), CREATE);
            assertThat(write(bench, fd, 0, 1, 2, 3)).isEqualTo(3);
            assertThat(write(bench, fd, 5, 6)).isOne();
            assertThat(write(bench, fd, 1, 9)).isOne();
            assertThat(read(bench, fd, 0)).containsExactly(1, 9, 3, 0, 0, 6);
            assertThat(read(bench, fd, 4)).containsExactly(0, 6);
            assertThat(read(bench, fd, 6)).isEmpty();
            assertThat(read(bench, fd, 1L << 40)).isEmpty();
            assertThat(size(bench, fd)).isEqualTo(6);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void readsAndWritesWithoutPositionMoveTheCursor(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int fd = open(bench, path(bench, "file"), CREATE);
            assertThat(write(bench, fd, -1, 1, 2, 3)).isEqualTo(3);
            assertThat(write(bench, fd, -1, 4)).isOne();
            assertThat(bench.kernel.lseek(fd, 0, Files.SEEK_CUR)).isEqualTo(4);
            assertThat(read(bench, fd, -1)).isEmpty();
            assertThat(bench.kernel.lseek(fd, 1, Files.SEEK_SET)).isOne();
            assertThat(read(bench, fd, -1)).containsExactly(2, 3, 4);
            assertThat(bench.kernel.lseek(fd, -2, Files.SEEK_END)).isEqualTo(2);
            assertThat(read(bench, fd, 0)).containsExactly(1, 2, 3, 4);
            assertThat(bench.kernel.lseek(fd, 0, Files.SEEK_CUR)).isEqualTo(2);
            assertThat(bench.kernel.lseek(fd, -1, Files.SEEK_SET)).isEqualTo(-Errno.EINVAL);
            assertThat(bench.kernel.lseek(bench.socket(), 0, Files.SEEK_CUR)).isEqualTo(-Errno.ESPIPE);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void appendIgnoresThePosition(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            String path = path(bench, "file");
            write(bench, open(bench, path, CREATE), 0, 1, 2);
            int fd = open(bench, path, Files.O_WRONLY | Files.O_APPEND);
            assertThat(write(bench, fd, 0, 3)).isOne();
            assertThat(write(bench, fd, -1, 4)).isOne();
            assertThat(read(bench, open(bench, path, Files.O_RDONLY), 0)).containsExactly(1, 2, 3, 4);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void openMayTruncate(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            String path = path(bench, "file");
            int before = open(bench, path, CREATE);
            write(bench, before, 0, 1, 2);
            assertThat(size(bench, open(bench, path, CREATE))).isEqualTo(2);
            assertThat(size(bench, open(bench, path, CREATE | Files.O_TRUNC))).isZero();
            assertThat(read(bench, before, 0)).isEmpty();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void accessModeIsEnforced(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            String path = path(bench, "file");
            int writing = open(bench, path, Files.O_WRONLY | Files.O_CREAT);
            assertThat(readResult(bench, writing)).isEqualTo(-Errno.EBADF);
            int reading = open(bench, path, Files.O_RDONLY);
            assertThat(write(bench, reading, 0, 1)).isEqualTo(-Errno.EBADF);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void existingAndMissingFiles(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            String path = path(bench, "file");
            assertThat(open(bench, path, Files.O_RDWR)).isEqualTo(-Errno.ENOENT);
            assertThat(open(bench, path(bench, "none/file"), CREATE)).isEqualTo(-Errno.ENOENT);
            assertThat(open(bench, path, CREATE | Files.O_EXCL)).isNotNegative();
            assertThat(open(bench, path, CREATE | Files.O_EXCL)).isEqualTo(-SimErrno.EEXIST);
            assertThat(open(bench, path + "/file", Files.O_RDONLY)).isEqualTo(-SimErrno.ENOTDIR);
            assertThat(open(bench, path(bench, "n".repeat(256)), CREATE)).isEqualTo(-Errno.ENAMETOOLONG);
            assertThat(open(bench, "", CREATE)).isEqualTo(-Errno.ENOENT);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void directories(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            String path = path(bench, "directory");
            assertThat(mkdir(bench, path + "/inner")).isEqualTo(-Errno.ENOENT);
            assertThat(mkdir(bench, path)).isZero();
            assertThat(mkdir(bench, path)).isEqualTo(-SimErrno.EEXIST);
            assertThat(mkdir(bench, path + "/inner")).isZero();
            assertThat(open(bench, path + "/inner/./file", CREATE)).isNotNegative();
            assertThat(open(bench, path, Files.O_RDWR)).isEqualTo(-SimErrno.EISDIR);
            assertThat(open(bench, path, Files.O_RDONLY | Files.O_CREAT)).isEqualTo(-SimErrno.EISDIR);
            int fd = open(bench, path, Files.O_RDONLY);
            assertThat(readResult(bench, fd)).isEqualTo(-SimErrno.EISDIR);
            assertThat(write(bench, fd, 0, 1)).isEqualTo(-Errno.EBADF);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void syncIsForFiles(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int fd = open(bench, path(bench, "file"), CREATE);
            write(bench, fd, 0, 1, 2, 3);
            assertThat(bench.call(sqe -> sqe.prepFsync(fd, 0))).isZero();
            assertThat(bench.call(sqe -> sqe.prepFsync(fd, Files.IORING_FSYNC_DATASYNC))).isZero();
            int eventfd = bench.opened(bench.kernel.eventfd(0, Net.EFD_NONBLOCK));
            assertThat(bench.call(sqe -> sqe.prepFsync(eventfd, 0))).isEqualTo(-Errno.EINVAL);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void cancelOfACompletedReadFindsNothing(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int fd = open(bench, path(bench, "file"), CREATE);
            write(bench, fd, 0, 1, 2, 3);
            MemorySegment memory = bench.arena.allocate(10);
            long read = bench.submit(sqe -> sqe.prepRead(fd, memory.address(), 10, 0));
            assertThat(bench.await(read)).isEqualTo(3);
            assertThat(bench.call(sqe -> sqe.prepCancel(read))).isEqualTo(-Errno.ENOENT);
        });
    }
}
