package io.trale.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.conformance.RingBench.Pair;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import io.trale.uring.ReceiveBuffers;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Buffers that are provided by operations, for kernels without buffer rings: the simulated kernel behaves like the real one.
@Timeout(60)
class ProvidedBuffersConformanceTest {

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void receivesSelectProvidedBuffersWhileThereAreAny(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.memory(new byte[100]);
            assertThat(bench.call(sqe -> sqe.prepRecvSelect(pair.server(), 3, 0))).isEqualTo(-Errno.ENOBUFS);
            assertThat(bench.call(sqe -> sqe.prepProvideBuffer(memory.address(), 100, 3, 7))).isZero();
            bench.send(pair.client(), (byte) 1, (byte) 2);
            long receive = bench.submit(sqe -> sqe.prepRecvSelect(pair.server(), 3, 0));
            assertThat(bench.await(receive)).isEqualTo(2);
            int flags = bench.awaitFlags(receive);
            assertThat(flags & Abi.IORING_CQE_F_BUFFER).isNotZero();
            assertThat(ReceiveBuffers.bufferId(flags)).isEqualTo(7);
            assertThat(memory.asSlice(0, 2).toArray(JAVA_BYTE)).containsExactly(1, 2);
            assertThat(bench.call(sqe -> sqe.prepRecvSelect(pair.server(), 3, 0))).isEqualTo(-Errno.ENOBUFS);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void receiveThatWaitsHoldsNoProvidedBuffer(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair first = bench.connect();
            Pair second = bench.connect();
            MemorySegment memory = bench.memory(new byte[100]);
            assertThat(bench.call(sqe -> sqe.prepProvideBuffer(memory.address(), 100, 3, 0))).isZero();
            long waiting = bench.submit(sqe -> sqe.prepRecvSelect(first.server(), 3, 0));
            long served = bench.submit(sqe -> sqe.prepRecvSelect(second.server(), 3, 0));
            assertThat(bench.isComplete(waiting)).isFalse();
            bench.send(second.client(), (byte) 5);
            assertThat(bench.await(served)).isOne();
            bench.send(first.client(), (byte) 6);
            assertThat(bench.await(waiting)).isEqualTo(-Errno.ENOBUFS);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void endOfAStreamTakesNoProvidedBuffer(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair first = bench.connect();
            Pair second = bench.connect();
            MemorySegment memory = bench.memory(new byte[100]);
            assertThat(bench.call(sqe -> sqe.prepProvideBuffer(memory.address(), 100, 3, 0))).isZero();
            long ended = bench.submit(sqe -> sqe.prepRecvSelect(first.server(), 3, 0));
            bench.kernel.shutdown(first.client(), Net.SHUT_WR);
            assertThat(bench.await(ended)).isZero();
            assertThat(bench.awaitFlags(ended) & Abi.IORING_CQE_F_BUFFER).isZero();
            bench.send(second.client(), (byte) 5);
            assertThat(bench.call(sqe -> sqe.prepRecvSelect(second.server(), 3, 0))).isOne();
        });
    }
}
