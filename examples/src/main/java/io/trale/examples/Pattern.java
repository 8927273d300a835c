package io.trale.examples;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// An endless test stream of bytes: generates chunks to send, and checks received chunks. Its period is about 1 MiB.
///
/// All streams have the same bytes at the same positions; only the chunk sizes depend on the seed. Chunks are read-only
/// views, so a chunk is created without a copy.
final class Pattern {

    private static final byte[] BYTES = new byte[1_048_573]; // a prime: no multiple of a chunk size

    static {
        new SplittableRandom(4711).nextBytes(BYTES);
    }

    private final SplittableRandom sizes;
    private long position;

    /// Creates a stream whose chunk sizes depend on `seed`.
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

    /// True if `chunk` has the next bytes of the stream. Advances the position.
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

    /// The number of bytes generated or matched.
    long position() {
        return position;
    }
}
