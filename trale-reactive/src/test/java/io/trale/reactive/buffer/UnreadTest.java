package io.trale.reactive.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What decoders may do with the head of a stream, and how much memory it keeps.
class UnreadTest {

    private final Unread unread = new Unread();

    @BeforeEach
    void tenBytesHaveCome() {
        add(0, 10);
    }

    private void add(int from, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (from + i);
        }
        unread.add(MemorySegment.ofArray(bytes), count);
    }

    private static DecodeStep<String> taking(int count) {
        return (in, end) -> {
            in.position(in.position() + count);
            return "taken";
        };
    }

    private static final DecodeStep<String> WAITING = (in, end) -> null;

    private byte[] rest() {
        return unread.take().array();
    }

    @Test
    void bytesThatADecoderTakesAreConsumed() throws IOException {
        assertThat(unread.next(taking(8), false)).isEqualTo("taken");
        assertThat(unread.size()).isEqualTo(2);
        assertThat(rest()).containsExactly(8, 9);
        assertThat(unread.isEmpty()).isTrue();
    }

    @Test
    void aCallThatThrowsHasConsumedNothing() {
        DecodeStep<String> failing = (in, end) -> {
            in.limit(in.position() + 3).get();
            throw new IOException("on purpose");
        };
        assertThatThrownBy(() -> unread.next(failing, false)).hasMessage("on purpose");
        assertThat(unread.size()).isEqualTo(10);
    }

    @Test
    void aCallThatReturnsNullMayHaveConsumed() throws IOException {
        DecodeStep<String> skipping = (in, end) -> {
            in.position(in.position() + 4);
            return null;
        };
        assertThat(unread.next(skipping, false)).isNull();
        assertThat(unread.size()).isEqualTo(6);
    }

    @Test
    void aDecoderThatMovesBackFails() throws IOException {
        unread.next(taking(4), false);
        assertThatThrownBy(() -> unread.next((in, end) -> {
            in.position(in.position() - 1);
            return "again";
        }, false)).isInstanceOf(IllegalStateException.class).hasMessageContaining("position");
        assertThat(unread.size()).isEqualTo(6);
    }

    @Test
    void limitAndOrderAreResetAfterEachCall() throws IOException {
        unread.next((in, end) -> {
            in.limit(in.position() + 1).order(ByteOrder.LITTLE_ENDIAN).get();
            return "one";
        }, false);
        assertThat(unread.size()).isEqualTo(9);
        unread.next((in, end) -> {
            assertThat(in.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
            return null;
        }, false);
        unread.next((in, end) -> {
            in.order(ByteOrder.LITTLE_ENDIAN);
            return null;
        }, false);
        assertThat(unread.take().order()).isEqualTo(ByteOrder.BIG_ENDIAN);
    }

    @Test
    void bytesLeftAtTheEndFail() {
        assertThatThrownBy(() -> unread.next(WAITING, true)).isInstanceOf(EOFException.class).hasMessageContaining("10 bytes");
        assertThat(unread.size()).isEqualTo(10);
    }

    @Test
    void theEndAloneIsAnEmptyBuffer() throws IOException {
        unread.take();
        DecodeStep<String> ending = (in, end) -> end && !in.hasRemaining() ? "last" : null;
        assertThat(unread.next(ending, true)).isEqualTo("last");
        assertThat(unread.next(WAITING, true)).isNull();
    }

    // ---- memory

    @Test
    void aConsumedChunkIsNotHeld() throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        unread.take();
        unread.add(chunk);
        unread.next(taking(64 << 10), false);
        assertThat(unread.isEmpty()).as("and has no buffer").isTrue();
    }

    @Test
    void theRestOfAChunkDoesNotHoldTheChunk() throws IOException {
        unread.take();
        add(0, 1000);
        unread.next(taking(990), false);
        ByteBuffer[] seen = new ByteBuffer[1];
        unread.next(WAITING, false);
        unread.next((in, end) -> {
            seen[0] = in;
            return null;
        }, false);
        assertThat(seen[0].capacity()).isEqualTo(10);
    }

    /// The user may reuse the chunk as soon as the next one is requested.
    @Test
    void anInsufficientChunkOfTheUserIsCopied() throws IOException {
        byte[] others = {1, 2, 3};
        unread.take();
        unread.add(ByteBuffer.wrap(others));
        unread.next(WAITING, false);
        others[0] = 9;
        assertThat(rest()).containsExactly(1, 2, 3);
    }

    @Test
    void memoryOfTheUserIsNeverWrittenTo() {
        byte[] others = new byte[20];
        unread.take();
        unread.add(ByteBuffer.wrap(others, 0, 3));
        add(1, 5);
        assertThat(others).containsOnly(0);
        assertThat(rest()).containsExactly(0, 0, 0, 1, 2, 3, 4, 5);
    }

    /// A peer that sends byte by byte causes work in proportion to the bytes.
    @Test
    void smallPiecesAreCopiedABoundedNumberOfTimes() throws IOException {
        int buffers = 0;
        ByteBuffer[] last = new ByteBuffer[1];
        for (int i = 0; i < 100_000; i++) {
            ByteBuffer before = last[0];
            add(i, 1);
            unread.next((in, end) -> {
                last[0] = in;
                return null;
            }, false);
            buffers += last[0] == before ? 0 : 1;
        }
        assertThat(buffers).isLessThan(20);
        assertThat(unread.size()).isEqualTo(100_010);
    }

    @Test
    void emptyChunksAreIgnored() {
        unread.take();
        unread.add(ByteBuffer.allocate(0));
        assertThat(unread.isEmpty()).isTrue();
        assertThat(unread.take()).isNull();
    }
}
