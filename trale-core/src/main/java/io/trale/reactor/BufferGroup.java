package io.trale.reactor;

import io.trale.uring.BufferRing;
import io.trale.uring.ReceiveBuffers;
import java.lang.foreign.MemorySegment;

/// The buffers that receives draw from, and the receives that wait for one.
///
/// A receive whose data is queued already takes its buffer inside the submit, so of the operations staged here no more
/// are submitted than there are free buffers, until the completions have been handled and tell who took one. One that
/// was armed before may still find the group empty: it ends with `ENOBUFS` and is staged again by its owner, which waits
/// here. A buffer is lent from its completion until it is given back in the same turn, so there is always a next buffer.
public final class BufferGroup extends StagingQueue {

    private final Reactor reactor;
    private final ReceiveBuffers buffers;
    /// Receives submitted of which it is not known yet whether they took a buffer.
    private int admitted;

    BufferGroup(Reactor reactor, ReceiveBuffers buffers) {
        this.reactor = reactor;
        this.buffers = buffers;
    }

    /// Stages `operation`, which selects its buffer from this group.
    public void stage(Operation operation) {
        reactor.stage(operation, this);
    }

    /// The number that entries name this group by.
    public int id() {
        return buffers.group();
    }

    /// The size of each buffer, in bytes: what one receive brings at most.
    public int bufferBytes() {
        return buffers.bufferBytes();
    }

    /// How many buffers are not lent.
    public int free() {
        return buffers.free();
    }

    /// Takes the buffer that a completion names; `flags` have `IORING_CQE_F_BUFFER`.
    public MemorySegment take(int flags) {
        return buffers.take(ReceiveBuffers.bufferId(flags));
    }

    /// Gives back the buffer that a completion named.
    public void give(int flags) {
        buffers.give(ReceiveBuffers.bufferId(flags));
    }

    /// True if the kernel gets the buffers by a ring; false if each takes an operation, on kernels without.
    public boolean isRing() {
        return buffers instanceof BufferRing;
    }

    @Override
    int budget() {
        return buffers.free() - admitted;
    }

    @Override
    void admitted() {
        admitted++;
    }

    @Override
    boolean unsettled() {
        return admitted > 0 && buffers.free() > 0 && !isEmpty();
    }

    @Override
    void settled() {
        admitted = 0;
    }

    void close() {
        buffers.close();
    }
}
