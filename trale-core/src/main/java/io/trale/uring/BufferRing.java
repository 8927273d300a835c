package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// A group of equal buffers from which the kernel picks one when a receive has data.
///
/// A buffer is either *free* (the kernel may pick it), or *lent* to us: from the completion that names it until
/// [#give]. See `io_uring_register_buf_ring(3)`.
public final class BufferRing {

    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    private final Kernel kernel;
    private final Ring ring;
    private final int group;
    private final MemorySegment registration;
    private final MemorySegment entries;
    private final MemorySegment[] buffers;
    private final boolean[] lent;
    private final int bufferBytes;
    private int free;
    private short tail;

    /// Registers `count` buffers (a power of two, at most 32768) of `bufferBytes` each. Memory that no receive ever
    /// touches is never backed by a page. Throws [IllegalStateException] when this kernel has no buffer rings.
    public BufferRing(Kernel kernel, Ring ring, Arena arena, int group, int count, int bufferBytes) {
        this.kernel = kernel;
        this.ring = ring;
        this.group = group;
        this.bufferBytes = bufferBytes;
        entries = Memory.anonymous(kernel, arena, (long) count * Abi.BUF_BYTES);
        buffers = Memory.pieces(kernel, arena, count, bufferBytes);
        lent = new boolean[count];

        registration = arena.allocate(Abi.BUF_REG_BYTES, 8);
        registration.set(JAVA_LONG, Abi.BUF_REG_ADDRESS, entries.address());
        registration.set(JAVA_INT, Abi.BUF_REG_ENTRIES, count);
        registration.set(JAVA_SHORT, Abi.BUF_REG_GROUP, (short) group);
        int result = kernel.ioUringRegister(ring.fd(), Abi.IORING_REGISTER_PBUF_RING, registration, 1);
        if (result < 0) {
            throw new IllegalStateException("buffer ring of " + count + " x " + bufferBytes + " bytes: "
                    + Errno.describe(-result));
        }
        for (int id = 0; id < count; id++) {
            lent[id] = true;
            give(id);
        }
    }

    /// The number that entries name this group by.
    public int group() {
        return group;
    }

    /// The size of each buffer, in bytes.
    public int bufferBytes() {
        return bufferBytes;
    }

    /// How many buffers the kernel may pick from.
    public int free() {
        return free;
    }

    /// True if the kernel may pick buffer `id`.
    public boolean isFree(int id) {
        return !lent[id];
    }

    /// The memory of buffer `id`, free or not.
    public MemorySegment buffer(int id) {
        return buffers[id];
    }

    /// Takes buffer `id` from a completion: it is ours until [#give].
    public MemorySegment take(int id) {
        if (lent[id]) {
            throw new IllegalStateException("buffer " + id + " of group " + group + " is lent already");
        }
        lent[id] = true;
        free--;
        return buffers[id];
    }

    /// Gives buffer `id` back to the kernel, which may write to it from now on.
    public void give(int id) {
        if (!lent[id]) {
            throw new IllegalStateException("buffer " + id + " of group " + group + " is not lent");
        }
        lent[id] = false;
        free++;
        long entry = (long) (tail & buffers.length - 1) * Abi.BUF_BYTES;
        entries.set(JAVA_LONG, entry + Abi.BUF_ADDRESS, buffers[id].address());
        entries.set(JAVA_INT, entry + Abi.BUF_LENGTH, bufferBytes);
        entries.set(JAVA_SHORT, entry + Abi.BUF_ID, (short) id);
        SHORT.setRelease(entries, (long) Abi.BUF_RING_TAIL, ++tail); // pairs with the kernel's acquire of the tail
    }

    /// Takes the group out of the ring. Nothing may be in flight that selects from it.
    public void close() {
        registration.set(JAVA_LONG, Abi.BUF_REG_ADDRESS, 0);
        registration.set(JAVA_INT, Abi.BUF_REG_ENTRIES, 0);
        kernel.ioUringRegister(ring.fd(), Abi.IORING_UNREGISTER_PBUF_RING, registration, 1);
    }

    /// The buffer that a completion with `IORING_CQE_F_BUFFER` names.
    public static int bufferId(int flags) {
        return flags >>> Abi.IORING_CQE_BUFFER_SHIFT;
    }
}
