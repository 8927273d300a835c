package io.trale.examples;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// An endless stream of bytes that repeats too late to be mistaken: what to send, and what has to come back.
///
/// The bytes of every stream are the same, at the same position; only the sizes of the chunks differ by seed. Chunks are
/// read-only views, so making one copies nothing.
final class Pattern {

    private static final byte[] BYTES = new byte[1_048_573]; // a prime: chunk sizes never fall into step with it

    static {
        new SplittableRandom(4711).nextBytes(BYTES);
    }

    private final SplittableRandom sizes;
    private long position;

    /// A stream whose chunk sizes follow from `seed`.
    Pattern(long seed) {
        sizes = new SplittableRandom(seed);
    }

    /// The next chunk, of 1 to `max` bytes.
    ByteBuffer next(int max) {
        int start = (int) (position % BYTES.length);
        int size = Math.min(sizes.nextInt(1, max + 1), BYTES.length - start);
        position += size;
        return ByteBuffer.wrap(BYTES, start, size).asReadOnlyBuffer();
    }

    /// True if `chunk` is what follows.
    boolean matches(ByteBuffer chunk) {
        ByteBuffer rest = chunk.duplicate();
        while (rest.hasRemaining()) {
            int start = (int) (position % BYTES.length);
            int size = Math.min(rest.remaining(), BYTES.length - start);
            if (!rest.slice(rest.position(), size).equals(ByteBuffer.wrap(BYTES, start, size))) {
                return false;
            }
            rest.position(rest.position() + size);
            position += size;
        }
        return true;
    }

    /// How many bytes were made, or matched.
    long position() {
        return position;
    }
}
