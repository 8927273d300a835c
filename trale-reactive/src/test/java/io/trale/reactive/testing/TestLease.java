package io.trale.reactive.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Lease;
import io.trale.reactive.buffer.BufferLease;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// A lease of memory of the test's own, which knows how often it came back.
public final class TestLease implements BufferLease.Lender {

    private final AtomicInteger returns = new AtomicInteger();
    private final Arena memory = Arena.ofShared();
    private final Lease lease;

    public TestLease(byte[] bytes) {
        MemorySegment segment = memory.allocate(bytes.length, 64);
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
        lease = new BufferLease(this, segment, bytes.length, 0, false);
    }

    public Lease lease() {
        return lease;
    }

    /// How often the memory was given back: once, in the end.
    public int returns() {
        return returns.get();
    }

    @Override
    public void giveBack(int flags) {
        if (returns.getAndIncrement() == 0) {
            memory.close();
        }
    }
}
