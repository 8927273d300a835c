package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Receive buffers that we pass to the kernel through a ring in shared memory.
///
/// A buffer is passed without an operation and without a system call. See `io_uring_register_buf_ring(3)`.
public final class BufferRing extends ReceiveBuffers {

    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    private final Kernel kernel;
    private final Ring ring;
    private final MemorySegment registration;
    private final MemorySegment entries;
    private final int mask;
    private short tail;

    /// Registers `buffers`. Their number must be a power of two, at most 32768. They must stay valid until `ring` is closed.
    /// Use each group number once per ring: Linux 6.1 gives a new group the position of the closed group of that number.
    /// Throws if the kernel has no buffer rings (`EINVAL`, before Linux 5.19) or no memory (`ENOMEM`).
    public BufferRing(Kernel kernel, Ring ring, Arena arena, int group, MemorySegment[] buffers) throws ErrnoException {
        super(group, buffers);
        this.kernel = kernel;
        this.ring = ring;
        mask = buffers.length - 1;
        entries = Memory.anonymous(kernel, arena, (long) buffers.length * Abi.BUF_BYTES);

        registration = arena.allocate(Abi.BUF_REG_BYTES, 8);
        registration.set(JAVA_LONG, Abi.BUF_REG_ADDRESS, entries.address());
        registration.set(JAVA_INT, Abi.BUF_REG_ENTRIES, buffers.length);
        registration.set(JAVA_SHORT, Abi.BUF_REG_GROUP, (short) group);
        int result = kernel.ioUringRegister(ring.fd(), Abi.IORING_REGISTER_PBUF_RING, registration, 1);
        if (result < 0) {
            throw new ErrnoException("buffer ring of " + buffers.length + " x " + bufferBytes() + " bytes: "
                    + Errno.describe(-result), -result);
        }
        giveAll();
    }

    @Override
    protected void provide(int id, MemorySegment buffer) {
        long entry = (long) (tail & mask) * Abi.BUF_BYTES;
        entries.set(JAVA_LONG, entry + Abi.BUF_ADDRESS, buffer.address());
        entries.set(JAVA_INT, entry + Abi.BUF_LENGTH, bufferBytes());
        entries.set(JAVA_SHORT, entry + Abi.BUF_ID, (short) id);
        SHORT.setRelease(entries, (long) Abi.BUF_RING_TAIL, ++tail); // pairs with the kernel's acquire of the tail
    }

    @Override
    public void close() {
        registration.set(JAVA_LONG, Abi.BUF_REG_ADDRESS, 0);
        registration.set(JAVA_INT, Abi.BUF_REG_ENTRIES, 0);
        kernel.ioUringRegister(ring.fd(), Abi.IORING_UNREGISTER_PBUF_RING, registration, 1);
    }
}
