package io.trale.reactive;

import io.trale.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Received bytes in the very memory that the kernel wrote them to, on loan until [#close]: for passing on with no copy.
///
/// **Whoever has a lease closes it**, once it is done with; a second close does nothing. [Connection#sendLeases] does
/// that for the leases it is given. While a lease is open its buffer is missing from a pool of fixed size (see
/// [io.trale.task.ExecutorOptions#leaseBuffers]); when too many are missing, receives of leases wait, and no others. With
/// operators that may drop elements on the way to anything but a send, put `doOnDiscard(Lease.class, Lease::close)` behind
/// them.
///
/// With the system property `trale.leases.track` set to `true` when a connection receives its first lease, leases that
/// are lost are logged, with the place where they were received, and their buffers recovered.
///
/// Any thread, and safe: memory is reached inside [#read] only, never after a close. It stays valid when its connection,
/// or all of the [Trale], is closed first.
public final class Lease implements AutoCloseable {

    /// Takes a buffer back. Any thread.
    interface Lender {
        void giveBack(int flags);
    }

    private static final AtomicIntegerFieldUpdater<Lease> STATE =
            AtomicIntegerFieldUpdater.newUpdater(Lease.class, "state");

    private static final int CLOSED = 1;
    private static final int USER = 2;

    private final Lender lender;
    private final MemorySegment memory;
    private final int size;
    private final int flags;
    private final @Nullable LeaseLeak leak;

    /// CLOSED, and a USER for each use under way. The buffer goes back when what is left is CLOSED.
    private volatile int state;

    Lease(Lender lender, MemorySegment memory, int size, int flags, boolean tracked) {
        this.lender = lender;
        this.memory = memory;
        this.size = size;
        this.flags = flags;
        leak = tracked ? new LeaseLeak(this, lender, flags) : null;
    }

    /// How many bytes there are.
    public int size() {
        return size;
    }

    /// Has `reader` read, or change, the bytes in place; returns what it returns. The segment is native, valid during
    /// the call and on this thread only: keeping it is of no use, since every access then throws. Throws
    /// [IllegalStateException] if the lease is closed.
    public <R> R read(Function<? super MemorySegment, ? extends R> reader) {
        Objects.requireNonNull(reader);
        acquire();
        try (Arena call = Arena.ofConfined()) {
            return reader.apply(Memory.view(memory, size, call));
        } finally {
            release();
        }
    }

    /// A copy of the bytes. Throws [IllegalStateException] if the lease is closed.
    public byte[] toArray() {
        return read(segment -> segment.toArray(ValueLayout.JAVA_BYTE));
    }

    /// Gives the buffer back, or has the last [#read] under way do so. Idempotent.
    @Override
    public void close() {
        int before = STATE.getAndUpdate(this, state -> state | CLOSED);
        if (before == 0) {
            giveBack();
        }
    }

    /// Keeps the memory from being given back, also by [#close].
    void acquire() {
        int before;
        do {
            before = state;
            if ((before & CLOSED) != 0) {
                throw new IllegalStateException("the lease is closed");
            }
        } while (!STATE.compareAndSet(this, before, before + USER));
    }

    /// Undoes [#acquire].
    void release() {
        if (STATE.addAndGet(this, -USER) == CLOSED) {
            giveBack();
        }
    }

    /// The memory, for whoever has acquired it: the first [#size] bytes count.
    MemorySegment memory() {
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
