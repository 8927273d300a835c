package io.trale.reactor;

import io.trale.linux.SocketAddresses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// Native memory for one socket address and its length each, reused, and freed with the ring.
///
/// There are as many as operations that ever were in flight with an address at the same time.
public final class AddressPool {

    /// Where the length (an `int`) stands, after the address, in bytes.
    public static final int LENGTH = SocketAddresses.MAX_BYTES;

    private static final int SLAB = 32;
    private static final int BYTES = SocketAddresses.MAX_BYTES + 8;

    private final Arena arena;
    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

    AddressPool(Arena arena) {
        this.arena = arena;
    }

    /// Takes memory for an address; it belongs to the caller's operation until [#give].
    public MemorySegment take() {
        if (free.isEmpty()) {
            MemorySegment slab = arena.allocate(BYTES * SLAB, 8);
            for (int i = 0; i < SLAB; i++) {
                free.add(slab.asSlice((long) i * BYTES, BYTES));
            }
        }
        return free.pop();
    }

    /// Gives memory back, after the last completion of the operation that had it.
    public void give(MemorySegment address) {
        free.push(address);
    }
}
