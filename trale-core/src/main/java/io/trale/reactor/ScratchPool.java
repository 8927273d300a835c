package io.trale.reactor;

import io.trale.linux.IoVectors;
import io.trale.linux.MessageHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// Native memory of one size for the arguments of operations: addresses, message headers, vectors, counters, paths.
///
/// Reused, and freed with the ring. There is as much as operations ever were in flight with arguments at the same time.
public final class ScratchPool {

    /// The room of [Pools#scratch]: for a socket address and its length, or a message header with both.
    public static final int SMALL_BYTES = 256;

    /// The room of [Pools#paths]: `PATH_MAX` of `include/uapi/linux/limits.h`.
    public static final int PATH_BYTES = 4096;

    /// The room of [Pools#vectors]: for a message header with as many vectors as the kernel takes.
    public static final int VECTOR_BYTES = MessageHeader.bytes(IoVectors.MAX);

    /// How much is allocated at a time, unless one piece is larger.
    private static final int SLAB_BYTES = 8192;

    private final Reactor reactor;
    private final Arena arena;
    private final int bytes;
    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

    ScratchPool(Reactor reactor, Arena arena, int bytes) {
        this.reactor = reactor;
        this.arena = arena;
        this.bytes = bytes;
    }

    /// Takes memory, with whatever is in it; it belongs to the caller's operation until [#give].
    public MemorySegment take() {
        if (free.isEmpty()) {
            int count = Math.max(1, SLAB_BYTES / bytes);
            MemorySegment slab = arena.allocate((long) bytes * count, 64);
            for (int i = 0; i < count; i++) {
                free.add(slab.asSlice((long) i * bytes, bytes));
            }
        }
        MemorySegment memory = free.pop();
        reactor.memoryListener().lent(memory);
        return memory;
    }

    /// Gives memory back, after the last completion of the operation that had it.
    public void give(MemorySegment memory) {
        reactor.memoryListener().returned(memory);
        free.push(memory);
    }
}
