package io.trale.leaf;

import io.trale.reactor.MemoryListener;
import io.trale.reactor.Operation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Native memory of a user's buffer, which is lent to at most one operation at a time.
///
/// While it is lent the user cannot reach it, and freeing it waits for the operation's last completion. If an executor
/// is closed with the operation still in flight, it stays lent, and so is never freed.
///
/// No thread is the owner, since nobody is while it is not lent. So one word says who may do what: a close on one thread,
/// as another lends it to the kernel, must not free what the kernel is about to write to.
public final class BufferMemory {

    private static final int OWNED_BY_KERNEL = 1;
    private static final int CLOSED = 2;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(BufferMemory.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    /// OWNED_BY_KERNEL, CLOSED, both or none. Whoever leaves CLOSED alone in it frees the memory.
    private volatile int state;
    /// Who has it while it is OWNED_BY_KERNEL; written on the thread of that operation's loop.
    private Operation owner;

    /// Allocates `bytes` of zeroed memory.
    public BufferMemory(long bytes) {
        segment = arena.allocate(bytes, 64);
    }

    /// The memory, for the one who may use it now: the user.
    public MemorySegment segment() {
        if (state != 0) {
            throw refused();
        }
        return segment;
    }

    private IllegalStateException refused() {
        Operation owner = this.owner;
        return new IllegalStateException((state & CLOSED) != 0 ? "the buffer is closed"
                : "the buffer is owned by the kernel until " + (owner != null ? owner : "an operation") + " completes");
    }

    /// The size in bytes, lent or not.
    public long capacity() {
        return segment.byteSize();
    }

    /// Lends the memory to `operation`, which may have it already, until [#takeBack].
    void giveToKernel(Operation operation) {
        if (owner != operation) {
            if (!STATE.compareAndSet(this, 0, OWNED_BY_KERNEL)) {
                throw refused();
            }
            owner = operation;
            listener().ownedByKernel(segment);
        }
    }

    /// The memory while it is lent, for the operation that has it.
    MemorySegment kernelSegment() {
        if (owner == null) {
            throw new IllegalStateException("not owned by the kernel");
        }
        return segment;
    }

    /// The last completion of `operation` was there. No effect if the memory is not lent to it.
    void takeBack(Operation operation) {
        if (owner == operation) {
            listener().ownedByUs(segment);
            owner = null;
            if (((int) STATE.getAndBitwiseAnd(this, ~OWNED_BY_KERNEL) & CLOSED) != 0) {
                arena.close();
            }
        }
    }

    private MemoryListener listener() {
        return owner.descriptor().reactor().memoryListener();
    }

    /// Frees the memory: now, or when it is given back. Idempotent. Any thread.
    public void close() {
        if ((int) STATE.getAndBitwiseOr(this, CLOSED) == 0) {
            arena.close();
        }
    }
}
