package io.trale.reactor;

import java.lang.foreign.MemorySegment;

/// Learns which memory may be named in entries: for a simulated kernel, which fails a test in which memory comes back
/// while the kernel may still touch it, is lent twice, or is named although it is not lent.
public interface MemoryListener {

    /// Listens to nothing.
    MemoryListener NONE = new MemoryListener() {};

    /// An operation, or a group of receive buffers, has `memory` from now on, and so may the kernel.
    default void ownedByKernel(MemorySegment memory) {}

    /// It has come back: the kernel is through with it.
    default void ownedByUs(MemorySegment memory) {}
}
