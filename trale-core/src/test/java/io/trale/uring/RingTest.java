package io.trale.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

/// The two queues and `enter`, with NOPs on the real kernel: each operation completes exactly once, with any queue sizes.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class RingTest {

    private static final long FOREVER = Long.MAX_VALUE;

    private final Kernel kernel = new Libc();

    private interface Body {
        void run(Ring ring) throws Exception;
    }

    private static void withRing(Kernel kernel, int sqEntries, int cqEntries, Body body) throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(kernel, arena, sqEntries, cqEntries);
            try {
                body.run(ring);
            } finally {
                ring.close();
            }
        }
    }

    private static void nop(Ring ring, long userData) {
        Sqe sqe = ring.submissions.next();
        sqe.prepNop();
        sqe.userData(userData);
    }

    @Test
    void nopsGoAroundBothQueuesManyTimes() throws Exception {
        withRing(kernel, 8, 16, ring -> {
            long[] batch = new long[2 * 16];
            long submitted = 0;
            long completed = 0;
            for (int round = 0; round < 5_000; round++) {
                int count = 1 + round % 8; // so that batches begin at every place of the queues
                for (int i = 0; i < count; i++) {
                    nop(ring, submitted++);
                }
                assertThat(ring.submissions.pending()).isEqualTo(count);
                assertThat(ring.submissions.free()).isEqualTo(8 - count);
                assertThat(ring.enter(count, FOREVER)).isEqualTo(count);
                assertThat(ring.submissions.pending()).isZero();
                assertThat(ring.completions.drain(batch)).isEqualTo(count);
                for (int i = 0; i < count; i++) {
                    assertThat(batch[2 * i]).isEqualTo(completed++);
                    assertThat(batch[2 * i + 1]).isZero();
                }
            }
            assertThat(completed).isEqualTo(submitted).isGreaterThan(20_000);
            assertThat(ring.submissions.completionsOverflowed()).isFalse();
        });
    }

    @Test
    void nextOnAFullQueueThrowsAndChangesNothing() throws Exception {
        withRing(kernel, 4, 8, ring -> {
            for (int i = 0; i < 4; i++) {
                nop(ring, i);
            }
            assertThat(ring.submissions.free()).isZero();
            assertThatThrownBy(ring.submissions::next).isInstanceOf(IllegalStateException.class)
                    .hasMessage("submission queue full: 4 entries");
            assertThat(ring.enter(4, FOREVER)).isEqualTo(4);
            long[] batch = new long[16];
            assertThat(ring.completions.drain(batch)).isEqualTo(4);
            assertThat(new long[] {batch[0], batch[2], batch[4], batch[6]}).containsExactly(0, 1, 2, 3);
            assertThat(ring.submissions.free()).isEqualTo(4);
        });
    }

    @Test
    void completionsAreTakenInBatchesSmallerThanWhatIsReady() throws Exception {
        withRing(kernel, 8, 16, ring -> {
            for (int i = 0; i < 8; i++) {
                nop(ring, i);
            }
            ring.enter(8, FOREVER);
            assertThat(ring.completions.ready()).isEqualTo(8);
            long[] batch = new long[2 * 3];
            assertThat(ring.completions.drain(batch)).isEqualTo(3);
            assertThat(ring.completions.ready()).isEqualTo(5);
            assertThat(ring.completions.drain(batch)).isEqualTo(3);
            assertThat(batch[4]).isEqualTo(5);
            assertThat(ring.completions.drain(batch)).isEqualTo(2);
            assertThat(new long[] {batch[0], batch[2]}).containsExactly(6, 7);
            assertThat(ring.completions.drain(batch)).isZero();
        });
    }

    @Test
    void overflowOfATinyCompletionQueueLosesNothing() throws Exception {
        withRing(kernel, 4, 4, ring -> {
            for (int i = 0; i < 40; i++) {
                nop(ring, i);
                if (ring.submissions.free() == 0) {
                    assertThat(ring.enter(0, FOREVER)).isEqualTo(4);
                }
            }
            assertThat(ring.completions.ready()).isEqualTo(4);
            assertThat(ring.submissions.completionsOverflowed()).isTrue();
            assertThat(ring.submissions.workPending()).isTrue();
            List<Long> seen = new ArrayList<>();
            long[] batch = new long[2 * 4];
            while (seen.size() < 40) {
                int count = ring.completions.drain(batch);
                assertThat(count).isPositive();
                for (int i = 0; i < count; i++) {
                    seen.add(batch[2 * i]);
                }
                assertThat(ring.enter(seen.size() < 40 ? 1 : 0, FOREVER)).isZero();
            }
            assertThat(seen).isSorted().doesNotHaveDuplicates().startsWith(0L).endsWith(39L);
            assertThat(ring.completions.ready()).isZero();
            assertThat(ring.submissions.completionsOverflowed()).isFalse();
        });
    }

    @Test
    void timedEnterWithoutCompletionsReturnsEtime() throws Exception {
        withRing(kernel, 4, 8, ring -> {
            assertThat(ring.enter(1, 1_000_000)).isEqualTo(-Errno.ETIME);
            nop(ring, 7);
            assertThat(ring.enter(1, 1_000_000_000L)).isEqualTo(1);
            assertThat(ring.completions.ready()).isEqualTo(1);
        });
    }

    @Test
    void cancelEndsAnOperationOfTheSameEnter() throws Exception {
        int eventfd = kernel.eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK);
        withRing(kernel, 4, 8, ring -> {
            Sqe sqe = ring.submissions.next();
            sqe.prepPoll(eventfd, Net.POLLIN);
            sqe.userData(1);
            sqe = ring.submissions.next();
            sqe.prepCancel(1);
            sqe.userData(2);
            assertThat(ring.enter(2, FOREVER)).isEqualTo(2);
            long[] batch = new long[16];
            assertThat(ring.completions.drain(batch)).isEqualTo(2);
            int target = batch[0] == 1 ? 0 : 2;
            assertThat(batch[target]).isEqualTo(1);
            assertThat(CompletionQueue.result(batch[target + 1])).isEqualTo(-Errno.ECANCELED);
        });
        kernel.close(eventfd);
    }

    @Test
    void resultAndFlagsAreSeparated() {
        long packed = 0x0000_0007_ffff_ff83L;
        assertThat(CompletionQueue.result(packed)).isEqualTo(-125);
        assertThat(CompletionQueue.flags(packed)).isEqualTo(7);
        assertThat(CompletionQueue.flags(0x8001_0001_0000_0000L)).isEqualTo(0x80010001);
    }

    @Test
    void closeUnregistersTheRing() throws Exception {
        List<Integer> unregistered = new ArrayList<>();
        List<Integer> registered = new ArrayList<>();
        var watching = new InterceptedKernel() {
            @Override
            public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
                int result = super.ioUringRegister(ringFd, opcode, arg, argCount);
                switch (opcode) {
                    case Abi.IORING_REGISTER_RING_FDS -> registered.add(result);
                    case Abi.IORING_UNREGISTER_RING_FDS -> unregistered.add(result);
                    default -> { }
                }
                return result;
            }
        };
        for (int i = 0; i < 40; i++) { // the table has 16 places
            withRing(watching, 4, 8, ring -> {
                nop(ring, 1);
                assertThat(ring.enter(1, FOREVER)).isEqualTo(1);
            });
        }
        assertThat(registered).hasSize(40).containsOnly(1);
        assertThat(unregistered).hasSize(40).containsOnly(1);
    }

    @Test
    void ringWorksWithoutARegisteredIndex() throws Exception {
        var full = new InterceptedKernel() {
            @Override
            public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
                assertThat(opcode).isEqualTo(Abi.IORING_REGISTER_RING_FDS); // and nothing to take out again
                return -Errno.EBUSY;
            }
        };
        withRing(full, 4, 8, ring -> {
            nop(ring, 1);
            assertThat(ring.enter(1, FOREVER)).isEqualTo(1);
        });
    }

    @Test
    void enterOfAnotherThreadIsRejected() throws Exception {
        withRing(kernel, 4, 8, ring -> {
            assertThat(ring.setupFlags() & Abi.IORING_SETUP_SINGLE_ISSUER).isNotZero();
            nop(ring, 1);
            int[] result = new int[1];
            Thread other = Thread.ofPlatform().start(() -> result[0] = ring.enter(0, FOREVER));
            other.join();
            assertThat(result[0]).isNegative();
            assertThat(ring.enter(1, FOREVER)).isEqualTo(1);
        });
    }
}
