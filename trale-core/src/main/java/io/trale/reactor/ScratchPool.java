package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.linux.IoVectors;
import io.trale.linux.MessageHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Native memory of one size for the arguments of operations: addresses, message headers, vectors, counters, paths.
///
/// The pieces are reused, and freed with the ring. Their number is the most that were ever taken at the same time.
///
/// A free piece begins with a mark derived from its address. If the mark is missing when a piece is taken, free memory was
/// written to. If it is present when a piece is given back, the piece was free already.
public final class ScratchPool {

    /// The size of [Pools#scratch] pieces: a socket address and its length, or a message header with both.
    public static final int SMALL_BYTES = 256;

    /// The size of [Pools#paths] pieces: `PATH_MAX` of `include/uapi/linux/limits.h`.
    public static final int PATH_BYTES = 4096;

    /// The size of [Pools#vectors] pieces: a message header with as many vectors as the kernel takes.
    public static final int VECTOR_BYTES = MessageHeader.bytes(IoVectors.MAX);

    /// How much is allocated at a time, unless one piece is larger.
    private static final int SLAB_BYTES = 8192;

    private static final long MARK = 0x5f72_6565_2d6d_656dL;

    private final MemoryListener listener;
    private final Arena arena;
    private final int bytes;
    /// The free pieces are the first `freeCount`. There is a place for every piece, so that [#give] needs no memory.
    private MemorySegment[] free = {};
    private int freeCount;
    private int count;

    ScratchPool(MemoryListener listener, Arena arena, int bytes) {
        this.listener = listener;
        this.arena = arena;
        this.bytes = bytes;
    }

    /// Takes a piece with arbitrary content; it belongs to the caller's operation until [#give]. Throws [IllegalStateException] if
    /// it was written to while it was free.
    public MemorySegment take() {
        if (freeCount == 0) {
            grow();
        }
        MemorySegment memory = free[--freeCount];
        if (!isMarked(memory)) {
            throw new IllegalStateException("free memory was written to: " + memory);
        }
        memory.set(JAVA_LONG, 0, 0);
        listener.ownedByKernel(memory);
        return memory;
    }

    private void grow() {
        int more = Math.max(1, SLAB_BYTES / bytes);
        if (count + more > free.length) {
            free = Arrays.copyOf(free, Math.max(2 * free.length, more));
        }
        MemorySegment slab = arena.allocate((long) bytes * more, 64);
        for (int i = more - 1; i >= 0; i--) {
            MemorySegment memory = slab.asSlice((long) i * bytes, bytes);
            memory.set(JAVA_LONG, 0, mark(memory));
            free[freeCount++] = memory;
            count++;
        }
    }

    /// Gives a piece back, after the last completion of its operation. Throws [IllegalStateException] if it is free already, or
    /// belongs to another pool.
    public void give(MemorySegment memory) {
        if (memory.byteSize() != bytes || isMarked(memory)) {
            throw new IllegalStateException("given back twice, or to the wrong pool: " + memory);
        }
        memory.set(JAVA_LONG, 0, mark(memory));
        free[freeCount++] = memory;
        listener.ownedByUs(memory);
    }

    private static long mark(MemorySegment memory) {
        return memory.address() ^ MARK;
    }

    private static boolean isMarked(MemorySegment memory) {
        return memory.get(JAVA_LONG, 0) == mark(memory);
    }
}
