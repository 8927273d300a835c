package io.trale.reactive.buffer;

import io.trale.linux.Memory;
import io.trale.reactive.Lease;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A [Lease] of a buffer that the kernel wrote to.
///
/// The state is one word: the CLOSED bit, and a USER for each active use. The thread that leaves nothing but CLOSED returns the
/// buffer. Any thread.
public final class BufferLease implements Lease {

    /// Takes a buffer back: `flags` are those of its completion. Any thread.
    public interface Lender {
        void giveBack(int flags);
    }

    private static final AtomicIntegerFieldUpdater<BufferLease> STATE =
            AtomicIntegerFieldUpdater.newUpdater(BufferLease.class, "state");

    private static final int CLOSED = 1;
    private static final int USER = 2;

    private final Lender lender;
    private final MemorySegment memory;
    private final int size;
    private final int flags;
    private final @Nullable LeaseLeak leak;

    /// CLOSED, plus USER for each active use.
    private volatile int state;

    public BufferLease(Lender lender, MemorySegment memory, int size, int flags, boolean tracked) {
        this.lender = lender;
        this.memory = memory;
        this.size = size;
        this.flags = flags;
        leak = tracked ? new LeaseLeak(this, lender, flags) : null;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public <R> R read(Function<? super MemorySegment, ? extends R> reader) {
        Objects.requireNonNull(reader);
        acquire();
        try (Arena call = Arena.ofConfined()) {
            return reader.apply(Memory.view(memory, size, call));
        } finally {
            release();
        }
    }

    @Override
    public void close() {
        int before = STATE.getAndUpdate(this, state -> state | CLOSED);
        if (before == 0) {
            giveBack();
        }
    }

    /// Keeps the memory from being returned, also by [#close]. Throws [IllegalStateException] if the lease is closed.
    public void acquire() {
        int before;
        do {
            before = state;
            if ((before & CLOSED) != 0) {
                throw new IllegalStateException("the lease is closed");
            }
        } while (!STATE.compareAndSet(this, before, before + USER));
    }

    /// Undoes [#acquire].
    public void release() {
        if (STATE.addAndGet(this, -USER) == CLOSED) {
            giveBack();
        }
    }

    /// The memory, of which the first [#size] bytes are valid. Only between [#acquire] and [#release].
    public MemorySegment memory() {
        return memory;
    }

    private void giveBack() {
        if (leak == null || leak.settle()) {
            lender.giveBack(flags);
        }
    }

    @Override
    public String toString() {
        return "Lease(" + size + " bytes" + ((state & CLOSED) != 0 ? ", closed)" : ")");
    }
}
