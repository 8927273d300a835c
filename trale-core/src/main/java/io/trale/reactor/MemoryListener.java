package io.trale.reactor;

import java.lang.foreign.MemorySegment;

/// Observes the owner of all memory that entries may name. A simulated kernel uses it to fail tests in which memory returns to
/// us while the kernel may access it, is given to the kernel twice, or is named in an entry but owned by us.
public interface MemoryListener {

    /// Does nothing.
    MemoryListener NONE = new MemoryListener() {};

    /// From now on the kernel may access `memory`, for an operation or a group of receive buffers.
    default void ownedByKernel(MemorySegment memory) {}

    /// The kernel no longer accesses `memory`.
    default void ownedByUs(MemorySegment memory) {}
}
