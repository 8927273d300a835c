package io.trale.torture;

import io.trale.reactor.MemoryListener;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// Records which buffers of an executor belong to the kernel. Fails if a buffer is passed to the kernel twice, or returned
/// without having been passed.
final class KernelBuffers implements MemoryListener {

    private final Map<Long, Long> owned = new HashMap<>();

    @Override
    public synchronized void ownedByKernel(MemorySegment memory) {
        if (owned.put(memory.address(), memory.byteSize()) != null) {
            throw new AssertionError("passed to the kernel twice: " + memory);
        }
    }

    @Override
    public synchronized void ownedByUs(MemorySegment memory) {
        if (!owned.remove(memory.address(), memory.byteSize())) {
            throw new AssertionError("returned, but not passed to the kernel: " + memory);
        }
    }

    /// The number of buffers that belong to the kernel now.
    synchronized int size() {
        return owned.size();
    }
}
