package io.trale.reactive.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Lease;
import io.trale.reactive.buffer.BufferLease;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// A lease of the test's memory; counts its returns.
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

    /// The number of returns: one at the end.
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
