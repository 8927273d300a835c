package io.trale.uring;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A group of receive buffers of one size: when data arrives, the kernel picks a buffer from it.
///
/// A buffer belongs either to the kernel, which may pick it for a receive, or to us: from the completion that names it until
/// [#give]. Subclasses differ in how they pass a buffer to the kernel.
public abstract class ReceiveBuffers {

    private final int group;
    private final MemorySegment[] buffers;
    private final boolean[] ownedByUs;
    private int free;

    /// Creates group number `group`. All `buffers` must have one size. All belong to us until [#giveAll].
    protected ReceiveBuffers(int group, MemorySegment[] buffers) {
        this.group = group;
        this.buffers = buffers;
        ownedByUs = new boolean[buffers.length];
        Arrays.fill(ownedByUs, true);
    }

    /// Gives all buffers to the kernel. The last step of every constructor.
    protected final void giveAll() {
        for (int id = 0; id < buffers.length; id++) {
            give(id);
        }
    }

    /// Passes `buffer`, which has number `id`, to the kernel.
    protected abstract void provide(int id, MemorySegment buffer);

    /// Unregisters the group from the ring, if it is registered. No operation that selects from this group may be in flight.
    public void close() {}

    /// The group number in submission entries.
    public final int group() {
        return group;
    }

    /// The size of each buffer, in bytes.
    public final int bufferBytes() {
        return (int) buffers[0].byteSize();
    }

    /// The number of free buffers: those that belong to the kernel.
    public final int free() {
        return free;
    }

    /// True if buffer `id` belongs to the kernel.
    public final boolean isFree(int id) {
        return !ownedByUs[id];
    }

    /// The memory of buffer `id`, whether it belongs to the kernel or to us.
    public final MemorySegment buffer(int id) {
        return buffers[id];
    }

    /// Takes buffer `id`, which a completion has named. The buffer belongs to us until [#give].
    public final MemorySegment take(int id) {
        if (ownedByUs[id]) {
            throw new IllegalStateException("buffer " + id + " of group " + group + " is not owned by the kernel");
        }
        ownedByUs[id] = true;
        free--;
        return buffers[id];
    }

    /// Gives buffer `id` back to the kernel, which may write to the buffer from now on.
    public final void give(int id) {
        if (!ownedByUs[id]) {
            throw new IllegalStateException("buffer " + id + " of group " + group + " is already owned by the kernel");
        }
        ownedByUs[id] = false;
        free++;
        provide(id, buffers[id]);
    }

    /// The buffer number in the flags of a completion with `IORING_CQE_F_BUFFER`.
    public static int bufferId(int flags) {
        return flags >>> Abi.IORING_CQE_BUFFER_SHIFT;
    }
}
