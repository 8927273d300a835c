package io.trale.torture;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// The bytes of one stream: a long random sequence that starts at an origin of the stream. So a byte that is lost,
/// duplicated or of another stream is detected. Not thread-safe.
final class Pattern {

    /// A prime, so no buffer size divides it.
    private static final int PERIOD = 1_048_573;
    private static final byte[] BYTES = new byte[PERIOD];

    static {
        new SplittableRandom(4711).nextBytes(BYTES);
    }

    private final int origin;
    private long position;

    Pattern(int origin) {
        this.origin = Math.floorMod(origin, PERIOD);
    }

    private int index() {
        return (int) ((origin + position) % PERIOD);
    }

    /// The next `count` bytes, or fewer at the end of the period.
    ByteBuffer next(int count) {
        int index = index();
        int size = Math.min(count, PERIOD - index);
        position += size;
        return ByteBuffer.wrap(BYTES, index, size).slice().asReadOnlyBuffer();
    }

    /// Fails if `chunk` does not have the next bytes of the stream.
    void check(ByteBuffer chunk) {
        ByteBuffer rest = chunk.slice();
        while (rest.hasRemaining()) {
            ByteBuffer expected = ByteBuffer.wrap(BYTES, index(), Math.min(rest.remaining(), PERIOD - index())).slice();
            int size = expected.remaining();
            int wrong = expected.mismatch(rest.slice(rest.position(), size));
            if (wrong >= 0) {
                throw new AssertionError("byte " + (position + wrong) + " of the stream from " + origin + " is "
                        + rest.get(rest.position() + wrong) + ", must be " + expected.get(wrong));
            }
            rest.position(rest.position() + size);
            position += size;
        }
    }

    /// The number of bytes generated or checked.
    long position() {
        return position;
    }
}
