package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Every `prep` method writes all 64 bytes of `struct io_uring_sqe`. Each is compared with an entry that is built field by
/// field, at the offsets of the header file, in memory filled with ones.
class SqeTest {

    private static final int FD = 0x12345;
    private static final long ADDRESS = 0x7f01_0203_0405_0607L;
    private static final int LENGTH = 0x8765_4321; // the sign bit must not spread

    /// `struct io_uring_sqe`, with the names of its fields.
    private static final class Fields {
        private final MemorySegment entry = MemorySegment.ofArray(new long[8]);

        Fields opcode(int value) {
            entry.set(JAVA_BYTE, 0, (byte) value);
            return this;
        }

        Fields flags(int value) {
            entry.set(JAVA_BYTE, 1, (byte) value);
            return this;
        }

        Fields fd(int value) {
            entry.set(JAVA_INT, 4, value);
            return this;
        }

        Fields off(long value) {
            entry.set(JAVA_LONG, 8, value);
            return this;
        }

        Fields addr(long value) {
            entry.set(JAVA_LONG, 16, value);
            return this;
        }

        Fields len(int value) {
            entry.set(JAVA_INT, 24, value);
            return this;
        }

        Fields opFlags(int value) {
            entry.set(JAVA_INT, 28, value);
            return this;
        }

        Fields userData(long value) {
            entry.set(JAVA_LONG, 32, value);
            return this;
        }

        Fields bufGroup(int value) {
            entry.set(JAVA_SHORT, 40, (short) value);
            return this;
        }
    }

    private static void check(Consumer<Sqe> prep, Fields expected) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate(3 * 64, 8).fill((byte) 0xff);
            prep.accept(new Sqe(entries).pointAt(64));
            assertThat(hex(entries.asSlice(64, 64))).isEqualTo(hex(expected.entry));
            assertThat(hex(entries.asSlice(0, 64))).as("the entry before").isEqualTo("ff".repeat(64));
            assertThat(hex(entries.asSlice(128, 64))).as("the entry after").isEqualTo("ff".repeat(64));
        }
    }

    private static String hex(MemorySegment bytes) {
        return HexFormat.of().formatHex(bytes.toArray(JAVA_BYTE));
    }

    @Test
    void nop() {
        check(Sqe::prepNop, new Fields().opcode(0).fd(-1));
    }

    @Test
    void userDataIsWrittenAfterTheRest() {
        check(sqe -> {
            sqe.prepNop();
            sqe.userData(0x8070_6050_4030_2010L);
        }, new Fields().opcode(0).fd(-1).userData(0x8070_6050_4030_2010L));
    }

    @Test
    void recv() {
        check(sqe -> sqe.prepRecv(FD, ADDRESS, LENGTH, 0x4000),
                new Fields().opcode(27).fd(FD).addr(ADDRESS).len(LENGTH).opFlags(0x4000));
    }

    @Test
    void recvSelect() {
        check(sqe -> sqe.prepRecvSelect(FD, 0xfedc, 0x40),
                new Fields().opcode(27).flags(1 << 5).fd(FD).opFlags(0x40).bufGroup(0xfedc));
    }

    @Test
    void provideBuffer() {
        check(sqe -> sqe.prepProvideBuffer(ADDRESS, LENGTH, 0xfedc, 0xabcd),
                new Fields().opcode(31).fd(1).addr(ADDRESS).len(LENGTH).off(0xabcd).bufGroup(0xfedc));
    }

    @Test
    void send() {
        check(sqe -> sqe.prepSend(FD, ADDRESS, LENGTH, 0x4100),
                new Fields().opcode(26).fd(FD).addr(ADDRESS).len(LENGTH).opFlags(0x4100));
    }

    @Test
    void accept() {
        check(sqe -> sqe.prepAccept(FD, ADDRESS, ADDRESS + 128, 0x80000),
                new Fields().opcode(13).fd(FD).addr(ADDRESS).off(ADDRESS + 128).opFlags(0x80000));
    }

    @Test
    void connect() {
        check(sqe -> sqe.prepConnect(FD, ADDRESS, 28), new Fields().opcode(16).fd(FD).addr(ADDRESS).off(28));
    }

    @Test
    void readAtAnOffset() {
        check(sqe -> sqe.prepRead(FD, ADDRESS, LENGTH, 1L << 40),
                new Fields().opcode(22).fd(FD).addr(ADDRESS).len(LENGTH).off(1L << 40));
    }

    @Test
    void readAtTheDescriptorsPosition() {
        check(sqe -> sqe.prepRead(FD, ADDRESS, LENGTH, -1),
                new Fields().opcode(22).fd(FD).addr(ADDRESS).len(LENGTH).off(-1));
    }

    @Test
    void writev() {
        check(sqe -> sqe.prepWritev(FD, ADDRESS, 1024, -1),
                new Fields().opcode(2).fd(FD).addr(ADDRESS).len(1024).off(-1));
    }

    @Test
    void poll() {
        check(sqe -> sqe.prepPoll(FD, 0x8005), new Fields().opcode(6).fd(FD).opFlags(0x8005));
    }

    @Test
    void pollMultishot() {
        check(sqe -> sqe.prepPollMultishot(FD, 1), new Fields().opcode(6).fd(FD).len(1).opFlags(1));
    }

    @Test
    void cancel() {
        check(sqe -> sqe.prepCancel(0x8070_6050_4030_2010L),
                new Fields().opcode(14).fd(-1).addr(0x8070_6050_4030_2010L));
    }
}
