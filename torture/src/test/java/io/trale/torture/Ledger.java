package io.trale.torture;

import io.trale.reactor.MemoryListener;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// Which buffers an executor has lent. Fails when one is lent twice, or comes back without having been lent.
final class Ledger implements MemoryListener {

    private final Map<Long, Long> lent = new HashMap<>();

    @Override
    public synchronized void ownedByKernel(MemorySegment memory) {
        if (lent.put(memory.address(), memory.byteSize()) != null) {
            throw new AssertionError("lent twice: " + memory);
        }
    }

    @Override
    public synchronized void ownedByUs(MemorySegment memory) {
        if (!lent.remove(memory.address(), memory.byteSize())) {
            throw new AssertionError("returned, but not lent: " + memory);
        }
    }

    /// How many are lent now.
    synchronized int size() {
        return lent.size();
    }
}
