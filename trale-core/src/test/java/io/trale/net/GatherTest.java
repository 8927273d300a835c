package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.AsyncWrite;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.testing.StreamPair;
import io.trale.testing.StreamPair.Filled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Gathering writes: the order of the bytes, the number of slices, and the ownership of all buffers while the kernel may read
/// them.
@Timeout(60)
class GatherTest {

    @TempDir
    private Path directory;

    @AfterEach
    void noExecutorIsLeft() {
        assertThat(Executor.current().stats().unknown()).isZero();
        assertThat(Executor.current().stats().inFlight()).isZero();
        Executor.current().close();
    }

    private void run(Async.Body body) throws Exception {
        Executor.blockOn(async(body));
    }

    private StreamPair pair(String kind) throws Exception {
        return kind.equals("tcp") ? StreamPair.tcp() : StreamPair.unix(directory.resolve("socket"));
    }

    private static void assertOwnedByKernel(Buffer buffer) {
        assertThatThrownBy(buffer::segment).isInstanceOf(IllegalStateException.class).hasMessageContaining("owned by the kernel until send(fd=");
    }

    // ---- order and counts

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void slicesAreWrittenInOrderAlsoTwoOfOneBuffer(String kind) throws Exception {
        run(() -> {
            try (StreamPair pair = pair(kind);
                    Buffer frame = StreamPair.buffer((byte) 1, (byte) 2, (byte) 3, (byte) 4);
                    Buffer body = StreamPair.buffer((byte) 9, (byte) 8, (byte) 7)) {
                int count = await(pair.one().write(frame.slice(0, 2), body.slice(1, 2), frame.slice(3, 1), body.slice(0, 0)));
                assertThat(count).isEqualTo(5);
                assertThat(StreamPair.read(pair.other(), 5)).containsExactly(1, 2, 8, 7, 4);
                frame.segment().fill((byte) 0); // owned by us again
            }
        });
    }

    @Test
    void emptyWriteCompletesWithZero() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.tcp(); Buffer buffer = Buffer.allocate(1)) {
                assertThat(await(pair.one().write())).isZero();
                assertThat(await(pair.one().write(buffer.slice(0, 0), buffer.slice(1, 0)))).isZero();
                assertThat(await(pair.one().writeAll())).isZero();
                pair.one().shutdownOutput();
                assertThat(StreamPair.read(pair.other(), 1)).isEmpty();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void moreSlicesThanTheKernelTakesAreWrittenInParts(String kind) throws Exception {
        run(() -> {
            byte[] bytes = new byte[5000];
            new Random(1).nextBytes(bytes);
            try (StreamPair pair = pair(kind); Buffer buffer = StreamPair.buffer(bytes)) {
                Slice[] slices = new Slice[2500];
                Arrays.setAll(slices, i -> buffer.slice(2 * i, 2));
                assertThat(await(pair.one().write(slices))).isEqualTo(2 * 1024);
                assertThat(StreamPair.read(pair.other(), 2048)).isEqualTo(Arrays.copyOf(bytes, 2048));
                assertThat(await(pair.one().writeAll(slices))).isEqualTo(5000);
                assertThat(StreamPair.read(pair.other(), 5000)).isEqualTo(bytes);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void shortWritesContinueWhereTheyStopped(String kind) throws Exception {
        byte[] bytes = new byte[8 << 20];
        new Random(2).nextBytes(bytes);
        run(() -> {
            try (StreamPair pair = pair(kind); Buffer buffer = StreamPair.buffer(bytes)) {
                List<Slice> slices = new ArrayList<>();
                Random random = new Random(3);
                for (int position = 0; position < bytes.length;) {
                    int length = Math.min(random.nextInt(200_000), bytes.length - position);
                    slices.add(buffer.slice(position, length));
                    position += length;
                }
                var writing = Executor.spawn(pair.one().writeAll(slices.toArray(Slice[]::new)));
                assertThat(StreamPair.read(pair.other(), bytes.length)).isEqualTo(bytes);
                assertThat(await(writing)).isEqualTo(bytes.length);
            }
        });
    }

    @Test
    void targetWithoutGatherWritesTheSlicesOneByOne() throws Exception {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        AsyncWrite simple = (buffer, offset, length) -> {
            written.write(buffer.segment().get(ValueLayout.JAVA_BYTE, offset));
            return new One();
        };
        run(() -> {
            try (Buffer buffer = StreamPair.buffer((byte) 1, (byte) 2, (byte) 3)) {
                assertThat(await(simple.writeAll(buffer.slice(0, 0), buffer.slice(1, 2), buffer.slice(0, 1)))).isEqualTo(3);
                assertThat(await(simple.write())).isZero();
            }
        });
        assertThat(written.toByteArray()).containsExactly(2, 3, 1);
    }

    private record One() implements IntFuture {
        @Override
        public boolean poll(Waker waker) {
            return true;
        }

        @Override
        public int resultAsInt() {
            return 1;
        }
    }

    // ---- ownership of the buffers

    @Test
    void kernelOwnsAllBuffersUntilTheWriteEnds() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.unix(directory.resolve("socket"));
                    Buffer one = Buffer.allocate(1000); Buffer other = Buffer.allocate(3000)) {
                Filled filled = pair.fill(one.slice(0, 1000), other.slice(0, 3000), one.slice(0, 10));
                assertOwnedByKernel(one);
                assertOwnedByKernel(other);
                StreamPair.read(pair.other(), filled.bytes());
                assertThat(await(filled.waiting())).isEqualTo(4010);
                one.segment().fill((byte) 0);
                other.segment().fill((byte) 0);
            }
        });
    }

    @Test
    void aWriteCancelledInItsWaitHasSentNothing() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.unix(directory.resolve("socket"));
                    Buffer one = Buffer.allocate(1000); Buffer other = Buffer.allocate(3000)) {
                Filled filled = pair.fill(one.slice(0, 1000), other.slice(0, 3000));
                filled.waiting().cancel();
                assertOwnedByKernel(one); // until the last completion
                while (Executor.current().stats().inFlight() > 0) {
                    await(yieldNow());
                }
                one.segment().fill((byte) 0);
                other.segment().fill((byte) 0);
                pair.one().shutdownOutput();
                assertThat(StreamPair.read(pair.other(), filled.bytes() + 1)).hasSize((int) filled.bytes());
            }
        });
    }

    @Test
    void theNextWriteWaitsForTheEndOfACancelledOne() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.unix(directory.resolve("socket"));
                    Buffer one = Buffer.allocate(1000); Buffer other = StreamPair.buffer((byte) 5)) {
                Filled filled = pair.fill(one.slice(0, 1000), one.slice(0, 1));
                filled.waiting().cancel();
                var next = Executor.spawn(pair.one().write(other.slice(0, 1)));
                byte[] read = StreamPair.read(pair.other(), filled.bytes() + 1);
                assertThat(read[read.length - 1]).isEqualTo((byte) 5);
                assertThat(await(next)).isEqualTo(1);
                one.segment().fill((byte) 0);
            }
        });
    }

    @Test
    void buffersClosedWhileTheWriteWaitsAreSentAndThenFreed() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.unix(directory.resolve("socket"))) {
                Buffer one = StreamPair.buffer((byte) 1);
                Buffer other = StreamPair.buffer((byte) 2);
                Filled filled = pair.fill(one.slice(0, 1), other.slice(0, 1), one.slice(0, 1));
                one.close();
                other.close();
                byte[] read = StreamPair.read(pair.other(), filled.bytes() + 3);
                assertThat(Arrays.copyOfRange(read, read.length - 3, read.length)).containsExactly(1, 2, 1);
                assertThat(await(filled.waiting())).isEqualTo(3);
                assertThatThrownBy(one::segment).hasMessage("the buffer is closed");
            }
        });
    }

    @Test
    void closingTheStreamEndsTheWriteThatWaits() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.unix(directory.resolve("socket")); Buffer buffer = Buffer.allocate(1000)) {
                Filled filled = pair.fill(buffer.slice(0, 1000), buffer.slice(0, 1000));
                pair.one().close();
                assertThatThrownBy(() -> await(filled.waiting())).hasMessageContaining("send(").hasMessageContaining("ECANCELED");
                buffer.segment().fill((byte) 0);
            }
        });
    }

    @Test
    void oneUnavailableBufferFailsTheWriteAlone() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.tcp(); Buffer free = Buffer.allocate(1); Buffer taken = Buffer.allocate(1)) {
                var reading = Executor.spawn(pair.one().read(taken));
                await(yieldNow());
                assertThatThrownBy(() -> await(pair.one().write(free.slice(0, 1), free.slice(0, 1), taken.slice(0, 1))))
                        .rootCause().isInstanceOf(IllegalStateException.class).hasMessageContaining("owned by the kernel until recv(fd=");
                free.segment().fill((byte) 3);
                assertThat(await(pair.one().write(free.slice(0, 1), free.slice(0, 1)))).isEqualTo(2);
                assertThat(StreamPair.read(pair.other(), 2)).containsExactly(3, 3);
                await(pair.other().write(free, 0, 1));
                assertThat(await(reading)).isEqualTo(1);
            }
        });
    }

    @Test
    void theArrayMayBeReusedAtOnce() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.tcp(); Buffer buffer = StreamPair.buffer((byte) 1, (byte) 2)) {
                Slice[] slices = {buffer.slice(0, 1), buffer.slice(1, 1)};
                Future<Integer> write = pair.one().write(slices);
                Arrays.fill(slices, null);
                assertThat(await(write)).isEqualTo(2);
                slices = new Slice[] {buffer.slice(1, 1), buffer.slice(0, 1)};
                write = pair.one().writeAll(slices);
                Arrays.fill(slices, null);
                assertThat(await(write)).isEqualTo(2);
                assertThat(StreamPair.read(pair.other(), 4)).containsExactly(1, 2, 2, 1);
            }
        });
    }

    // ---- datagrams

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 1024})
    void aDatagramIsAllOfItsSlices(int count) throws Exception {
        run(() -> {
            try (UdpSocket one = UdpSocket.bind(StreamPair.LOOPBACK); UdpSocket two = UdpSocket.bind(StreamPair.LOOPBACK);
                    Buffer out = Buffer.allocate(1024); Buffer in = Buffer.allocate(2000)) {
                Slice[] slices = new Slice[count];
                for (int i = 0; i < count; i++) {
                    slices[i] = out.slice(count - 1 - i, 1);
                    out.segment().set(ValueLayout.JAVA_BYTE, count - 1 - i, (byte) i);
                }
                assertThat(await(one.sendTo(two.localAddress(), slices))).isEqualTo(count);
                await(one.connect(two.localAddress()));
                assertThat(await(one.send(slices))).isEqualTo(count);
                for (int round = 0; round < 2; round++) {
                    Datagram datagram = await(two.receive(in));
                    assertThat(datagram).isEqualTo(new Datagram(count, count, one.localAddress()));
                    for (int i = 0; i < count; i++) {
                        assertThat(in.segment().get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) i);
                    }
                }
            }
        });
    }

    @Test
    void aDatagramOfMoreSlicesThanTheKernelTakesIsRefused() throws Exception {
        run(() -> {
            try (UdpSocket one = UdpSocket.bind(StreamPair.LOOPBACK); UdpSocket two = UdpSocket.bind(StreamPair.LOOPBACK);
                    Buffer out = Buffer.allocate(1); Buffer in = Buffer.allocate(10)) {
                Slice[] slices = new Slice[1025];
                Arrays.fill(slices, out.slice(0, 1));
                assertThatThrownBy(() -> one.sendTo(two.localAddress(), slices))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("1025").hasMessageContaining("1024");
                assertThat(await(one.sendTo(two.localAddress(), out.slice(0, 1)))).as("no send has begun").isEqualTo(1);
                assertThat(await(two.receive(in)).length()).isEqualTo(1);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void aNullSliceDoesNotLockTheStream(String kind) throws Exception {
        run(() -> {
            try (StreamPair pair = pair(kind); Buffer buffer = Buffer.allocate(4)) {
                assertThatThrownBy(() -> pair.one().write(buffer.slice(0, 4), null)).isInstanceOf(NullPointerException.class);
                assertThat(await(pair.one().write(buffer.slice(0, 3)))).isEqualTo(3);
            }
        });
    }

    @Test
    void writeOfZeroBytesFailsWriteAll() throws Exception {
        try (Buffer buffer = Buffer.allocate(4)) {
            AsyncWrite full = (bytes, offset, length) -> new IntFuture() {
                private boolean polled;

                @Override
                public boolean poll(Waker waker) {
                    assertThat(polled).as("polled again").isFalse();
                    polled = true;
                    return true;
                }

                @Override
                public int resultAsInt() {
                    return 0;
                }
            };
            IntFuture write = full.writeAll(buffer, 0, 4);
            assertThat(write.poll(() -> { })).isTrue();
            assertThatThrownBy(write::resultAsInt).isInstanceOf(IOException.class).hasMessage("wrote 0 of 4 bytes");
        }
    }
}
