package io.trale.reactor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Memory;
import io.trale.uring.BufferRing;
import io.trale.uring.ReceiveBuffers;
import io.trale.uring.Ring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The buffers that receives draw from, and the receives that wait for one.
///
/// A receive whose data is queued already takes its buffer inside the submit, so of the operations staged here no more
/// are submitted than there are free buffers, until the completions that the submit posted have been handled: then each has
/// taken its buffer, or waits without one. One that
/// was armed before may still find the group empty: it ends with `ENOBUFS` and is staged again by its owner, which waits
/// here. A buffer is lent from its completion until it is given back: in the default group within the same turn, so that
/// there is always a next one.
public final class BufferGroup extends StagingQueue {

    private final Reactor reactor;
    private final ReceiveBuffers buffers;
    /// Receives of which it is not known yet whether they took a buffer: those that have left for the kernel since the last
    /// [#submitted], and those before it.
    private int admitted;
    private int submitted;

    private final int count;
    /// The buffers' own: it lives as long as the ring, and as any of them is lent.
    private final Arena memory;
    private boolean closed;
    private int lentAtClose;

    private BufferGroup(Reactor reactor, ReceiveBuffers buffers, int count, Arena memory) {
        this.reactor = reactor;
        this.buffers = buffers;
        this.count = count;
        this.memory = memory;
        for (int id = 0; id < count; id++) {
            reactor.memoryListener().ownedByKernel(buffers.buffer(id));
        }
    }

    /// Group number `id` of `ring`, with `count` buffers of `bytes` each. Throws [IllegalStateException] when the kernel has
    /// no memory for it.
    static BufferGroup open(Reactor reactor, Ring ring, int id, int count, int bytes) {
        Arena memory = Arena.ofShared();
        try {
            MemorySegment[] pieces = Memory.pieces(reactor.kernel(), memory, count, bytes);
            return new BufferGroup(reactor, buffers(reactor, ring, memory, id, pieces), count, memory);
        } catch (Throwable t) {
            memory.close();
            throw t;
        }
    }

    private static ReceiveBuffers buffers(Reactor reactor, Ring ring, Arena memory, int id, MemorySegment[] pieces) {
        try {
            return new BufferRing(reactor.kernel(), ring, memory, id, pieces);
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOMEM) { // rings are known here: what is short is memory
                throw new IllegalStateException(e.getMessage() + "; raise the limit of locked memory (ulimit -l)", e);
            }
            return new ProvidedBuffers(reactor, id, pieces);
        }
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

    /// How many buffers there are.
    public int count() {
        return count;
    }

    /// How many buffers are not lent.
    public int free() {
        return buffers.free();
    }

    /// Takes the buffer that a completion names; `flags` have `IORING_CQE_F_BUFFER`.
    public MemorySegment take(int flags) {
        MemorySegment buffer = buffers.take(ReceiveBuffers.bufferId(flags));
        reactor.memoryListener().ownedByUs(buffer);
        return buffer;
    }

    /// Gives back the buffer that a completion named. Once the loop has ended, any thread.
    public void give(int flags) {
        if (closed) {
            giveLate();
        } else {
            int id = ReceiveBuffers.bufferId(flags);
            reactor.memoryListener().ownedByKernel(buffers.buffer(id));
            buffers.give(id);
        }
    }

    /// True if buffers get to the kernel by a ring; false if each takes an operation.
    public boolean isRing() {
        return buffers instanceof BufferRing;
    }

    private synchronized void giveLate() {
        if (--lentAtClose == 0) {
            memory.close();
        }
    }

    @Override
    int budget() {
        return buffers.free() - admitted - submitted;
    }

    @Override
    void admitted() {
        admitted++;
    }

    @Override
    boolean waitsForReservations() {
        return admitted + submitted > 0 && buffers.free() > 0 && !isEmpty();
    }

    @Override
    void submitted() {
        submitted = admitted;
        admitted = 0;
    }

    @Override
    void releaseReservations() {
        submitted = 0;
    }

    /// Takes the group out of the ring, in which nothing is in flight.
    void unregister() {
        buffers.close();
    }

    /// Frees the memory now that the ring is closed, or when the last buffer is given back.
    synchronized void close() {
        closed = true;
        lentAtClose = count - buffers.free();
        for (int id = 0; id < count; id++) {
            if (buffers.isFree(id)) {
                reactor.memoryListener().ownedByUs(buffers.buffer(id));
            }
        }
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
