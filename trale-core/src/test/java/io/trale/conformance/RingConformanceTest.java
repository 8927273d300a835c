package io.trale.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.conformance.RingBench.Pair;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import io.trale.uring.BufferRing;
import io.trale.uring.ReceiveBuffers;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The ring itself: the simulated kernel behaves like the real one.
@Timeout(60)
class RingConformanceTest {

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void nopCompletesAtOnce(KernelUnderTest place) throws Exception {
        place.run(bench -> assertThat(bench.call(sqe -> sqe.prepNop())).isZero());
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void readOfAnEventfdWaitsForTheWrite(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int eventfd = bench.kernel.eventfd(0, Net.EFD_NONBLOCK);
            MemorySegment memory = bench.arena.allocate(8, 8);
            long read = bench.submit(sqe -> sqe.prepRead(eventfd, memory.address(), 8, 0));
            assertThat(bench.isComplete(read)).isFalse();
            assertThat(bench.kernel.write8(eventfd, 3)).isEqualTo(8);
            assertThat(bench.await(read)).isEqualTo(8);
            assertThat(memory.get(JAVA_LONG, 0)).isEqualTo(3);
            bench.kernel.close(eventfd);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void multishotPollPostsOncePerWriteWithoutAnyRead(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int eventfd = bench.kernel.eventfd(0, Net.EFD_NONBLOCK);
            long poll = bench.submit(sqe -> sqe.prepPollMultishot(eventfd, Net.POLLIN));
            for (int i = 0; i < 3; i++) {
                assertThat(bench.isComplete(poll)).isFalse();
                bench.kernel.write8(eventfd, 1);
                assertThat(bench.await(poll)).isEqualTo(Net.POLLIN);
                assertThat(bench.awaitFlags(poll)).isEqualTo(Abi.IORING_CQE_F_MORE);
            }
            assertThat(bench.call(sqe -> sqe.prepCancel(poll))).isZero();
            assertThat(bench.await(poll)).isEqualTo(-Errno.ECANCELED);
            assertThat(bench.awaitFlags(poll)).isZero();
            bench.kernel.close(eventfd);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void operationOnAClosedDescriptorIsRefused(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int fd = bench.socket();
            bench.close(fd);
            assertThat(bench.call(sqe -> sqe.prepRecv(fd, bench.memory((byte) 0).address(), 1, 0))).isEqualTo(-Errno.EBADF);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void receivesSelectBuffersWhileThereAreAny(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            BufferRing buffers = new BufferRing(bench.kernel, bench.ring, bench.arena, 3,
                    new MemorySegment[] {bench.memory(new byte[4096])});
            bench.send(pair.client(), (byte) 1, (byte) 2);
            long receive = bench.submit(sqe -> sqe.prepRecvSelect(pair.server(), 3, 0));
            assertThat(bench.await(receive)).isEqualTo(2);
            int flags = bench.awaitFlags(receive);
            assertThat(flags).isEqualTo(Abi.IORING_CQE_F_BUFFER);
            MemorySegment buffer = buffers.take(ReceiveBuffers.bufferId(flags));
            assertThat(buffer.asSlice(0, 2).toArray(JAVA_BYTE)).containsExactly(1, 2);

            assertThat(bench.call(sqe -> sqe.prepRecvSelect(pair.server(), 3, 0))).isEqualTo(-Errno.ENOBUFS);
            buffers.give(0);
            long waiting = bench.submit(sqe -> sqe.prepRecvSelect(pair.server(), 3, 0));
            assertThat(bench.isComplete(waiting)).isFalse();
            bench.kernel.shutdown(pair.client(), Net.SHUT_WR);
            assertThat(bench.await(waiting)).isZero();
            assertThat(bench.awaitFlags(waiting) & Abi.IORING_CQE_F_BUFFER).isZero();
            buffers.close();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void completionsBeyondTheQueueComeInOrder(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            for (int i = 0; i < 40;) {
                int room = bench.ring.submissions.free();
                for (int left = room; left > 0; left--, i++) {
                    var sqe = bench.ring.submissions.next();
                    sqe.prepNop();
                    sqe.userData(1000 + i);
                }
                assertThat(bench.ring.enter(0, 0)).isEqualTo(room);
            }
            assertThat(bench.ring.submissions.completionsOverflowed()).isTrue();
            long[] batch = new long[2];
            for (int i = 0; i < 40; i++) {
                if (bench.ring.completions.ready() == 0) {
                    bench.ring.enter(0, 0);
                }
                assertThat(bench.ring.completions.drain(batch)).isOne();
                assertThat(batch[0]).isEqualTo(1000 + i);
            }
            bench.ring.enter(0, 0);
            assertThat(bench.ring.submissions.completionsOverflowed()).isFalse();
        });
    }
}
