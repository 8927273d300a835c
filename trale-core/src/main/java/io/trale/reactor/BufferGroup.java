package io.trale.reactor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Memory;
import io.trale.uring.BufferRing;
import io.trale.uring.ReceiveBuffers;
import io.trale.uring.Ring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A group of buffers from which the kernel selects one for each receive, and the queue of receives that wait for one.
///
/// A receive whose data has already arrived takes its buffer inside the submit. So each receive that is submitted reserves a
/// free buffer, until the completions that the submit posted have been handled: by then it has taken a buffer, or it waits in
/// the kernel without one. A receive that waits there may still find the group empty later; it then ends with `ENOBUFS`, and
/// its owner stages it again.
///
/// The kernel owns a free buffer. We own a buffer from the completion that names it until [#give]: in the default group within
/// the same turn, so that receives never wait for long.
public final class BufferGroup extends StagingQueue {

    private final Reactor reactor;
    private final ReceiveBuffers buffers;
    /// Reservations of receives that were written since the last [#submitted], and of those before it.
    private int admitted;
    private int submitted;

    private final int count;
    /// Only for this group: lives as long as the ring, and until all buffers are given back.
    private final Arena memory;
    private boolean closed;
    private int takenAtClose;

    private BufferGroup(Reactor reactor, ReceiveBuffers buffers, int count, Arena memory) {
        this.reactor = reactor;
        this.buffers = buffers;
        this.count = count;
        this.memory = memory;
        for (int id = 0; id < count; id++) {
            reactor.memoryListener().ownedByKernel(buffers.buffer(id));
        }
    }

    /// Opens group `id` of `ring`, with `count` buffers of `bytes` each. Throws [IllegalStateException] if the kernel has no
    /// memory for it.
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
            if (e.errno() == Errno.ENOMEM) { // the kernel supports buffer rings, but has no memory
                throw new IllegalStateException(e.getMessage() + "; raise the limit of locked memory (ulimit -l)", e);
            }
            return new ProvidedBuffers(reactor, id, pieces);
        }
    }

    /// Stages `operation`, a receive that selects its buffer from this group.
    public void stage(Operation operation) {
        reactor.stage(operation, this);
    }

    /// The number of this group, for entries.
    public int id() {
        return buffers.group();
    }

    /// The size of a buffer in bytes: the most that one receive returns.
    public int bufferBytes() {
        return buffers.bufferBytes();
    }

    /// How many buffers there are.
    public int count() {
        return count;
    }

    /// How many buffers are free.
    public int free() {
        return buffers.free();
    }

    /// Takes the buffer that a completion names; `flags` contain `IORING_CQE_F_BUFFER`. We own it until [#give].
    public MemorySegment take(int flags) {
        MemorySegment buffer = buffers.take(ReceiveBuffers.bufferId(flags));
        reactor.memoryListener().ownedByUs(buffer);
        return buffer;
    }

    /// Gives the buffer that a completion named back to the kernel. Any thread, once the group is closed.
    public void give(int flags) {
        if (closed) {
            giveLate();
        } else {
            int id = ReceiveBuffers.bufferId(flags);
            reactor.memoryListener().ownedByKernel(buffers.buffer(id));
            buffers.give(id);
        }
    }

    /// True if buffers are provided through a buffer ring, false if through an operation each.
    public boolean isRing() {
        return buffers instanceof BufferRing;
    }

    private synchronized void giveLate() {
        if (--takenAtClose == 0) {
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

    /// Unregisters the group from the ring, on which nothing is in flight.
    void unregister() {
        buffers.close();
    }

    /// Frees the memory, since the ring is closed: now, or when the last buffer is given back.
    synchronized void close() {
        closed = true;
        takenAtClose = count - buffers.free();
        for (int id = 0; id < count; id++) {
            if (buffers.isFree(id)) {
                reactor.memoryListener().ownedByUs(buffers.buffer(id));
            }
        }
        if (takenAtClose == 0) {
            memory.close();
        }
    }

    /// Leaves the memory to the kernel, since the ring was closed with operations in flight.
    synchronized void abandon() {
        closed = true;
        takenAtClose = Integer.MAX_VALUE;
    }
}
