package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Memory;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.UdpPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Receive buffers on the real kernel: the owner of each buffer, and the bytes in it.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class BufferRingTest {

    private static final int GROUP = 3;

    private final Kernel kernel = new Libc();

    private interface Body {
        void run(Ring ring, BufferRing buffers, UdpPort port) throws Exception;
    }

    private void withBuffers(int count, int bytes, Body body) throws Exception {
        UdpPort port = new UdpPort(kernel);
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(kernel, arena, 8, 16);
            BufferRing buffers = new BufferRing(kernel, ring, arena, GROUP,
                    Memory.pieces(kernel, arena, count, bytes));
            try {
                body.run(ring, buffers, port);
            } finally {
                buffers.close();
                ring.close();
            }
        } finally {
            kernel.close(port.fd());
        }
    }

    /// Receives one message; returns the second long of its completion.
    private static long receive(Ring ring, UdpPort port) {
        Sqe sqe = ring.submissions.next();
        sqe.prepRecvSelect(port.fd(), GROUP, 0);
        sqe.userData(1);
        assertThat(ring.enter(1, Long.MAX_VALUE)).isEqualTo(1);
        long[] batch = new long[4];
        assertThat(ring.completions.drain(batch)).isEqualTo(1);
        assertThat(batch[0]).isEqualTo(1);
        return batch[1];
    }

    private static int takenId(long completion) {
        assertThat(CompletionQueue.flags(completion) & Abi.IORING_CQE_F_BUFFER).isNotZero();
        return ReceiveBuffers.bufferId(CompletionQueue.flags(completion));
    }

    @Test
    void messagesArriveInTheBuffersThatTheirCompletionsName() throws Exception {
        withBuffers(4, 64, (ring, buffers, port) -> {
            assertThat(buffers.group()).isEqualTo(GROUP);
            assertThat(buffers.bufferBytes()).isEqualTo(64);
            assertThat(buffers.free()).isEqualTo(4);
            for (int i = 0; i < 1000; i++) { // each buffer many times, the tail around its ring
                port.send((byte) i, (byte) (i >> 8), (byte) 42);
                long completion = receive(ring, port);
                assertThat(CompletionQueue.result(completion)).isEqualTo(3);
                int id = takenId(completion);
                MemorySegment buffer = buffers.take(id);
                assertThat(buffer.byteSize()).isEqualTo(64);
                assertThat(buffer.asSlice(0, 3).toArray(JAVA_BYTE)).containsExactly(i, i >> 8, 42);
                assertThat(buffers.free()).isEqualTo(3);
                buffers.give(id);
                assertThat(buffers.free()).isEqualTo(4);
            }
        });
    }

    @Test
    void messageLongerThanTheBufferIsCutAtItsEnd() throws Exception {
        withBuffers(2, 16, (ring, buffers, port) -> {
            port.send(new byte[100]);
            assertThat(CompletionQueue.result(receive(ring, port))).isEqualTo(16);
        });
    }

    @Test
    void withoutAFreeBufferAReceiveFailsWithEnobufs() throws Exception {
        withBuffers(2, 16, (ring, buffers, port) -> {
            for (byte i = 0; i < 3; i++) {
                port.send(i);
            }
            int first = takenId(receive(ring, port));
            int second = takenId(receive(ring, port));
            assertThat(first).isNotEqualTo(second);
            MemorySegment keep = buffers.take(second);
            buffers.take(first);
            assertThat(buffers.free()).isZero();
            long refused = receive(ring, port);
            assertThat(CompletionQueue.result(refused)).isEqualTo(-Errno.ENOBUFS);
            assertThat(CompletionQueue.flags(refused) & Abi.IORING_CQE_F_BUFFER).isZero();

            buffers.give(first);
            long completion = receive(ring, port);
            assertThat(takenId(completion)).isEqualTo(first);
            assertThat(buffers.take(first).get(JAVA_BYTE, 0)).as("nothing was lost").isEqualTo((byte) 2);
            assertThat(keep.get(JAVA_BYTE, 0)).as("a buffer of ours is not written to").isEqualTo((byte) 1);
        });
    }

    @Test
    void givingTwiceThrows() throws Exception {
        withBuffers(2, 16, (ring, buffers, port) -> {
            assertThatThrownBy(() -> buffers.give(1)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("buffer 1 of group 3 is already owned by the kernel");
            assertThat(buffers.free()).isEqualTo(2);
            buffers.take(1);
            buffers.give(1);
            assertThatThrownBy(() -> buffers.give(1)).isInstanceOf(IllegalStateException.class);
            assertThat(buffers.free()).isEqualTo(2);
        });
    }

    @Test
    void takingTwiceThrows() throws Exception {
        withBuffers(2, 16, (ring, buffers, port) -> {
            buffers.take(0);
            assertThatThrownBy(() -> buffers.take(0)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("buffer 0 of group 3 is not owned by the kernel");
            assertThat(buffers.free()).isEqualTo(1);
        });
    }

    @Test
    void closedGroupIsUnknownToTheKernel() throws Exception {
        withBuffers(2, 16, (ring, buffers, port) -> {
            port.send((byte) 1);
            assertThat(CompletionQueue.result(receive(ring, port))).isEqualTo(1);
            buffers.close();
            port.send((byte) 1);
            assertThat(CompletionQueue.result(receive(ring, port))).isEqualTo(-Errno.ENOBUFS);
        });
    }

    @Test
    void kernelWithoutBufferRingsIsNamed() throws Exception {
        var old = new InterceptedKernel() {
            @Override
            public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
                return opcode == Abi.IORING_REGISTER_PBUF_RING ? -Errno.EINVAL
                        : super.ioUringRegister(ringFd, opcode, arg, argCount);
            }
        };
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(old, arena, 8, 16);
            assertThatThrownBy(() -> new BufferRing(old, ring, arena, GROUP, Memory.pieces(old, arena, 4, 16)))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessage("buffer ring of 4 x 16 bytes: EINVAL, invalid argument");
            ring.close();
        }
    }
}
