package io.trale.uring;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A group of equal buffers from which the kernel picks one when a receive has data.
///
/// A buffer is either *free* (the kernel may pick it for any receive that is submitted from now on), or *lent* to us: from
/// the completion that names it until [#give]. The kinds of groups differ in how a buffer gets to the kernel.
public abstract class ReceiveBuffers {

    private final int group;
    private final MemorySegment[] buffers;
    private final boolean[] lent;
    private int free;

    /// Group number `group`, of `buffers` that have one size. All of them are lent, until [#giveAll].
    protected ReceiveBuffers(int group, MemorySegment[] buffers) {
        this.group = group;
        this.buffers = buffers;
        lent = new boolean[buffers.length];
        Arrays.fill(lent, true);
    }

    /// Gives the kernel all buffers: the last step of every constructor.
    protected final void giveAll() {
        for (int id = 0; id < buffers.length; id++) {
            give(id);
        }
    }

    /// Hands buffer `id`, which is `buffer`, to the kernel.
    protected abstract void provide(int id, MemorySegment buffer);

    /// Takes the group out of the ring. Nothing may be in flight that selects from it.
    public abstract void close();

    /// The number that entries name this group by.
    public final int group() {
        return group;
    }

    /// The size of each buffer, in bytes.
    public final int bufferBytes() {
        return (int) buffers[0].byteSize();
    }

    /// How many buffers the kernel may pick from.
    public final int free() {
        return free;
    }

    /// True if the kernel may pick buffer `id`.
    public final boolean isFree(int id) {
        return !lent[id];
    }

    /// The memory of buffer `id`, free or lent.
    public final MemorySegment buffer(int id) {
        return buffers[id];
    }

    /// Takes buffer `id` from a completion: it is ours until [#give].
    public final MemorySegment take(int id) {
        if (lent[id]) {
            throw new IllegalStateException("buffer " + id + " of group " + group + " is lent already");
        }
        lent[id] = true;
        free--;
        return buffers[id];
    }

    /// Gives buffer `id` back to the kernel, which may write to it from now on.
    public final void give(int id) {
        if (!lent[id]) {
            throw new IllegalStateException("buffer " + id + " of group " + group + " is not lent");
        }
        lent[id] = false;
        free++;
        provide(id, buffers[id]);
    }

    /// The buffer that a completion with `IORING_CQE_F_BUFFER` names.
    public static int bufferId(int flags) {
        return flags >>> Abi.IORING_CQE_BUFFER_SHIFT;
    }
}
