package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import io.trale.testing.InterceptedKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Failed `io_uring_setup` calls: the message has the remedy, or the ring is opened with fewer flags. The failures are
/// injected at the system call.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class SetupFailureTest {

    private static final int NO_SQARRAY = Abi.IORING_SETUP_NO_SQARRAY;
    private static final int DEFER_TASKRUN = Abi.IORING_SETUP_DEFER_TASKRUN;
    private static final int SINGLE_ISSUER = Abi.IORING_SETUP_SINGLE_ISSUER;
    private static final int COOP_TASKRUN = Abi.IORING_SETUP_COOP_TASKRUN;

    private static final class Refusing extends InterceptedKernel {
        private final int errno;
        int calls;

        Refusing(int errno) {
            this.errno = errno;
        }

        @Override
        public int ioUringSetup(int entries, MemorySegment params) {
            calls++;
            return -errno;
        }
    }

    /// Answers `EINVAL` to flags that it does not know, as an old kernel does.
    private static final class Old extends InterceptedKernel {
        private final int unknownFlags;
        final List<Integer> asked = new ArrayList<>();

        Old(int unknownFlags) {
            this.unknownFlags = unknownFlags;
        }

        @Override
        public int ioUringSetup(int entries, MemorySegment params) {
            int flags = params.get(JAVA_INT, Abi.PARAMS_FLAGS);
            asked.add(flags);
            return (flags & unknownFlags) == 0 ? super.ioUringSetup(entries, params) : -Errno.EINVAL;
        }
    }

    private static final class Closes extends InterceptedKernel {
        int ring = -1;
        final List<Integer> closed = new ArrayList<>();
        int missingFeatures;
        boolean noMemory;

        @Override
        public int ioUringSetup(int entries, MemorySegment params) {
            ring = super.ioUringSetup(entries, params);
            int features = params.get(JAVA_INT, Abi.PARAMS_FEATURES);
            params.set(JAVA_INT, Abi.PARAMS_FEATURES, features & ~missingFeatures);
            return ring;
        }

        @Override
        public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
            return noMemory ? -Errno.ENOMEM : super.mmap(lengthBytes, protection, flags, fd, offsetBytes);
        }

        @Override
        public int close(int fd) {
            closed.add(fd);
            return super.close(fd);
        }
    }

    private static ErrnoException failure(Kernel kernel) {
        try (Arena arena = Arena.ofShared()) {
            return catchThrowableOfType(ErrnoException.class, () -> Ring.open(kernel, arena, 8, 16));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2, io_uring is disabled on this system; as root: sysctl kernel.io_uring_disabled=0",
        "1, 1, kernel.io_uring_group",
        "1, 0, seccomp",
        "1, '', seccomp",
        "13, 0, seccomp",
        "38, '', 6.1",
        "22, 0, 6.1",
        "12, 0, ulimit -l",
        "24, 0, ulimit -n",
        "23, 0, ulimit -n",
        "5, 0, io_uring_setup(2)",
    })
    void remedyDependsOnTheErrno(int errno, String disabled, String advice) {
        SetupFailure failure = SetupFailure.of(errno, disabled);
        assertThat(failure.cause() + "; " + failure.remedy()).contains(advice).doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EPERM, Errno.ENOSYS, Errno.ENOMEM, Errno.EMFILE, 99})
    void failedSetupIsOneLineWithErrorAndRemedy(int errno) {
        Refusing kernel = new Refusing(errno);
        ErrnoException e = failure(kernel);
        assertThat(e.errno()).isEqualTo(errno);
        assertThat(e.getMessage()).startsWith("io_uring_setup: " + Errno.describe(errno) + ": ").doesNotContain("\n");
        SetupFailure failure = SetupFailure.of(errno);
        assertThat(e.getMessage()).contains(failure.cause()).contains(failure.remedy()).contains("./trale doctor")
                .contains("Doctor.examine()");
        assertThat(kernel.calls).as("only EINVAL is retried").isEqualTo(1);
    }

    @Test
    void kernelWithoutAnyFlagIsTooOld() {
        Refusing kernel = new Refusing(Errno.EINVAL);
        assertThat(failure(kernel)).hasMessageContaining("EINVAL").hasMessageContaining("6.1");
        assertThat(kernel.calls).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {Abi.IORING_FEAT_SINGLE_MMAP, Abi.IORING_FEAT_NODROP, Abi.IORING_FEAT_SUBMIT_STABLE,
        Abi.IORING_FEAT_EXT_ARG})
    void missingFeatureIsTooOldAndLeavesNoDescriptor(int feature) {
        Closes kernel = new Closes();
        kernel.missingFeatures = feature;
        assertThat(failure(kernel).errno()).isEqualTo(Errno.ENOSYS);
        assertThat(kernel.closed).containsExactly(kernel.ring);
    }

    @Test
    void ringThatCannotBeMappedIsNoMemoryAndLeavesNoDescriptor() {
        Closes kernel = new Closes();
        kernel.noMemory = true;
        assertThat(failure(kernel).errno()).isEqualTo(Errno.ENOMEM);
        assertThat(kernel.closed).containsExactly(kernel.ring);
    }

    static int[][] unknownFlags() {
        return new int[][] { // what the kernel does not know, how often it is asked, what must be left
            {0, 1, NO_SQARRAY | SINGLE_ISSUER | DEFER_TASKRUN},
            {NO_SQARRAY, 2, SINGLE_ISSUER | DEFER_TASKRUN},
            {DEFER_TASKRUN, 3, SINGLE_ISSUER | COOP_TASKRUN},
            {NO_SQARRAY | DEFER_TASKRUN, 3, SINGLE_ISSUER | COOP_TASKRUN},
            {SINGLE_ISSUER, 4, COOP_TASKRUN},
            {NO_SQARRAY | DEFER_TASKRUN | SINGLE_ISSUER, 4, COOP_TASKRUN},
            {COOP_TASKRUN, 1, NO_SQARRAY | SINGLE_ISSUER | DEFER_TASKRUN},
            {NO_SQARRAY | DEFER_TASKRUN | SINGLE_ISSUER | COOP_TASKRUN, 5, 0},
        };
    }

    @ParameterizedTest
    @MethodSource("unknownFlags")
    void ringWorksWithTheFlagsThatTheKernelKnows(int[] row) throws Exception {
        Old kernel = new Old(row[0]);
        int eventfd = kernel.eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK);
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(kernel, arena, 8, 16);
            int lacking = unknownHere();
            assertThat(kernel.asked).hasSize(lacking != 0 && row[1] == 1 ? 2 : row[1]);
            assertThat(ring.setupFlags() & (NO_SQARRAY | DEFER_TASKRUN | SINGLE_ISSUER | COOP_TASKRUN))
                    .isEqualTo(row[2] & ~lacking);
            nopsInOrder(ring);
            pollThatIsReadyLater(kernel, ring, eventfd);
            ring.close();
        }
        kernel.close(eventfd);
    }

    /// `NO_SQARRAY` before Linux 6.6, else 0: the kernels that trale supports know all other flags.
    private static int unknownHere() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(new Libc(), arena, 8, 16);
            ring.close();
            return NO_SQARRAY & ~ring.setupFlags();
        }
    }

    /// More than the queue holds, so that its index array, if there is one, is gone through.
    private static void nopsInOrder(Ring ring) {
        long[] batch = new long[32];
        for (int i = 0; i < 1000; i += 5) {
            for (int j = 0; j < 5; j++) {
                Sqe sqe = ring.submissions.next();
                sqe.prepNop();
                sqe.userData(i + j);
            }
            assertThat(ring.enter(5, Long.MAX_VALUE)).isEqualTo(5);
            assertThat(ring.completions.drain(batch)).isEqualTo(5);
            for (int j = 0; j < 5; j++) {
                assertThat(batch[2 * j]).isEqualTo(i + j);
            }
        }
    }

    private static void pollThatIsReadyLater(Kernel kernel, Ring ring, int eventfd) {
        Sqe sqe = ring.submissions.next();
        sqe.prepPoll(eventfd, Net.POLLIN);
        sqe.userData(77);
        assertThat(ring.enter(0, Long.MAX_VALUE)).isEqualTo(1);
        assertThat(ring.completions.ready()).isZero();
        kernel.write8(eventfd, 1);
        assertThat(ring.enter(1, Long.MAX_VALUE)).isZero();
        long[] batch = new long[4];
        assertThat(ring.completions.drain(batch)).isEqualTo(1);
        assertThat(batch[0]).isEqualTo(77);
        assertThat(CompletionQueue.result(batch[1])).isEqualTo(Net.POLLIN);
    }
}
