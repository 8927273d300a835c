package io.trale.reactor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Native memory of a user's buffer, which is lent to at most one operation at a time.
///
/// While it is lent the user cannot reach it, and freeing it waits for the operation's last completion. If an executor
/// is closed with the operation still in flight, it stays lent, and so is never freed.
///
/// No thread is the owner, since nobody is while it is not lent. So all is done under a lock: a close on one thread, as
/// another lends it to the kernel, must not free what the kernel is about to write to.
public final class LentMemory {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private Operation borrower;
    private boolean closing;

    /// Allocates `bytes` of zeroed memory.
    public LentMemory(long bytes) {
        segment = arena.allocate(bytes, 64);
    }

    /// The memory, for the one who may use it now: the user.
    public synchronized MemorySegment segment() {
        if (borrower != null || closing) {
            throw new IllegalStateException(closing ? "the buffer is closed" : "the buffer is lent to " + borrower);
        }
        return segment;
    }

    /// The size in bytes, lent or not.
    public long capacity() {
        return segment.byteSize();
    }

    /// Lends the memory to `operation`, which may have it already, until [#giveBack].
    synchronized void lend(Operation operation) {
        if (borrower != operation) {
            segment();
            borrower = operation;
            listener().lent(segment);
        }
    }

    /// The memory while it is lent, for the operation that has it.
    MemorySegment lent() {
        assert borrower != null : "not lent";
        return segment;
    }

    /// The operation's last completion was there. No effect if the memory is not lent.
    synchronized void giveBack() {
        if (borrower != null) {
            listener().returned(segment);
            borrower = null;
            if (closing) {
                arena.close();
            }
        }
    }

    private MemoryListener listener() {
        return borrower.descriptor().reactor().memoryListener();
    }

    /// Frees the memory: now, or when it is given back. Idempotent. Any thread.
    public synchronized void close() {
        if (!closing) {
            closing = true;
            if (borrower == null) {
                arena.close();
            }
        }
    }
}
