package io.trale.leaf;

import io.trale.reactor.MemoryListener;
import io.trale.reactor.Operation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Native memory of a user's buffer: owned by us, or by the kernel for at most one operation at a time.
///
/// While the kernel owns it, the user cannot access it, and a close takes effect at the last completion. If an executor is
/// closed with the operation in flight, the kernel owns the memory for good, and it is never freed.
///
/// The memory belongs to no thread, and may be closed by one while another submits it. One atomic word decides which of them
/// comes first, so memory that the kernel is about to access is not freed.
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
    /// OWNED_BY_KERNEL, CLOSED, both or none. The thread that leaves CLOSED alone in it frees the memory.
    private volatile int state;
    /// The operation for which it is OWNED_BY_KERNEL; written on the loop thread of that operation.
    private Operation owner;

    /// Allocates `bytes` of zeroed memory.
    public BufferMemory(long bytes) {
        segment = arena.allocate(bytes, 64);
    }

    /// The memory, for the user. Throws [IllegalStateException] if the kernel owns it, or if it is closed.
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

    /// The size in bytes.
    long capacity() {
        return segment.byteSize();
    }

    /// Makes the kernel the owner, for `operation`, until [#takeBack]. No effect if it is already, for the same operation. Throws
    /// [IllegalStateException] if it is for another one, or if the memory is closed.
    void giveToKernel(Operation operation) {
        if (owner != operation) {
            if (!STATE.compareAndSet(this, 0, OWNED_BY_KERNEL)) {
                throw refused();
            }
            owner = operation;
            listener().ownedByKernel(segment);
        }
    }

    /// The memory, for the operation while the kernel owns it.
    MemorySegment kernelSegment() {
        if (owner == null) {
            throw new IllegalStateException("not owned by the kernel");
        }
        return segment;
    }

    /// Makes us the owner again, after the last completion of `operation`. No effect if the kernel does not own it for that.
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

    /// Frees the memory: now, or when the kernel no longer owns it. Idempotent. Any thread.
    public void close() {
        if ((int) STATE.getAndBitwiseOr(this, CLOSED) == 0) {
            arena.close();
        }
    }
}
