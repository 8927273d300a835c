package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The ring of completions that the kernel writes and we read.
///
/// Each completion is two longs: the `user_data` of its operation; then the result in the low half and the flags in the high
/// half.
public final class CompletionQueue {

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final long headOffset;
    private final long tailOffset;
    private final long overflowOffset;
    private final long cqesOffset;
    private final int mask;

    /// A copy of the shared head, which only we write.
    private int head;

    CompletionQueue(MemorySegment ring, MemorySegment params) {
        this.ring = ring;
        headOffset = params.get(JAVA_INT, Abi.PARAMS_CQ_HEAD);
        tailOffset = params.get(JAVA_INT, Abi.PARAMS_CQ_TAIL);
        overflowOffset = params.get(JAVA_INT, Abi.PARAMS_CQ_OVERFLOW);
        cqesOffset = params.get(JAVA_INT, Abi.PARAMS_CQES);
        mask = ring.get(JAVA_INT, params.get(JAVA_INT, Abi.PARAMS_CQ_RING_MASK));
        head = ring.get(JAVA_INT, headOffset);
    }

    /// The number of completions in the queue.
    public int ready() {
        return (int) INT.getAcquire(ring, tailOffset) - head; // pairs with the kernel's release of the tail
    }

    /// True if at least half of the queue is in use. The caller then drains before it submits more operations, because each
    /// of them may complete at once.
    public boolean isHalfFull() {
        return 2 * ready() > mask;
    }

    /// The number of completions that the kernel has lost since the ring was opened, because the queue was full and there
    /// was no memory for the kernel's overflow list. Their operations never complete. `enter` reports the loss with `EBADR`,
    /// but only once, and not in a call that submits entries. This counter is never reset.
    public int dropped() {
        return (int) INT.getOpaque(ring, overflowOffset);
    }

    /// Copies up to `batch.length / 2` completions into `batch`, two longs each, and releases their slots to the kernel.
    /// Returns the number of completions. Handlers run after the copy, so they may submit and drain.
    public int drain(long[] batch) {
        int count = Math.min(ready(), batch.length / 2);
        for (int i = 0; i < count; i++) {
            long cqe = cqesOffset + (long) (head + i & mask) * Abi.CQE_BYTES;
            batch[2 * i] = ring.get(JAVA_LONG, cqe);
            batch[2 * i + 1] = ring.get(JAVA_LONG, cqe + 8);
        }
        head += count;
        INT.setRelease(ring, headOffset, head); // from here on the kernel may overwrite these slots
        return count;
    }

    /// The result in the second long of a completion: `>= 0`, or `-errno`.
    public static int result(long resultAndFlags) {
        return (int) resultAndFlags;
    }

    /// The flags in the second long of a completion: `IORING_CQE_F_*`.
    public static int flags(long resultAndFlags) {
        return (int) (resultAndFlags >>> 32);
    }
}
