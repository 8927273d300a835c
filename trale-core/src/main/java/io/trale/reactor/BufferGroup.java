package io.trale.reactor;

import io.trale.uring.BufferRing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The buffers that receives draw from, and the receives that wait for one.
///
/// A receive whose data is queued already takes its buffer inside the submit, so of the operations staged here no more
/// are submitted than there are free buffers, until the completions have been handled and tell who took one. One that
/// was armed before may still find the group empty: it ends with `ENOBUFS` and is staged again by its owner, which waits
/// here. A buffer is lent from its completion until it is given back: in the default group within the same turn, so that
/// there is always a next one.
public final class BufferGroup extends StagingQueue {

    private final Reactor reactor;
    private final BufferRing ring;
    /// Receives submitted of which it is not known yet whether they took a buffer.
    private int admitted;

    private final int count;
    /// The buffers' own: it lives as long as the ring, and as any of them is lent.
    private final Arena memory;
    private boolean closed;
    private int lentAtClose;

    BufferGroup(Reactor reactor, BufferRing ring, int count, Arena memory) {
        this.reactor = reactor;
        this.ring = ring;
        this.count = count;
        this.memory = memory;
        for (int id = 0; id < count; id++) {
            reactor.memoryListener().lent(ring.buffer(id));
        }
    }

    /// Stages `operation`, which selects its buffer from this group.
    public void stage(Operation operation) {
        reactor.stage(operation, this);
    }

    /// The number that entries name this group by.
    public int id() {
        return ring.group();
    }

    /// The size of each buffer, in bytes: what one receive brings at most.
    public int bufferBytes() {
        return ring.bufferBytes();
    }

    /// How many buffers there are.
    public int count() {
        return count;
    }

    /// How many buffers are not lent.
    public int free() {
        return ring.free();
    }

    /// Takes the buffer that a completion names; `flags` have `IORING_CQE_F_BUFFER`.
    public MemorySegment take(int flags) {
        MemorySegment buffer = ring.take(BufferRing.bufferId(flags));
        reactor.memoryListener().returned(buffer);
        return buffer;
    }

    /// Gives back the buffer that a completion named. Once the loop has ended, any thread.
    public void give(int flags) {
        if (closed) {
            giveLate();
        } else {
            int id = BufferRing.bufferId(flags);
            reactor.memoryListener().lent(ring.buffer(id));
            ring.give(id);
        }
    }

    private synchronized void giveLate() {
        if (--lentAtClose == 0) {
            memory.close();
        }
    }

    @Override
    int budget() {
        return ring.free() - admitted;
    }

    @Override
    void admitted() {
        admitted++;
    }

    @Override
    boolean unsettled() {
        return admitted > 0 && ring.free() > 0 && !isEmpty();
    }

    @Override
    void settled() {
        admitted = 0;
    }

    /// Takes the group out of the ring, in which nothing is in flight.
    void unregister() {
        ring.close();
        for (int id = 0; id < count; id++) {
            if (ring.isFree(id)) {
                reactor.memoryListener().returned(ring.buffer(id));
            }
        }
    }

    /// Frees the memory now that the ring is closed, or when the last buffer is given back.
    synchronized void close() {
        closed = true;
        lentAtClose = count - ring.free();
        if (lentAtClose == 0) {
            memory.close();
        }
    }

    /// The ring was closed with operations in flight: the memory is left to the kernel.
    synchronized void abandon() {
        closed = true;
        lentAtClose = Integer.MAX_VALUE;
    }
}
