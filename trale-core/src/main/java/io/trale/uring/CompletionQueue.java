package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The ring of completions that the kernel writes and we read.
///
/// Each completion is two longs: the `user_data` of its operation, and the result with the flags above it.
public final class CompletionQueue {

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final long headOffset;
    private final long tailOffset;
    private final long overflowOffset;
    private final long cqesOffset;
    private final int mask;

    /// The same as the shared head, which only we write.
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

    /// How many completions wait to be taken.
    public int ready() {
        return (int) INT.getAcquire(ring, tailOffset) - head; // pairs with the kernel's release of the tail
    }

    /// True if half of the places are taken: the time to take completions before more operations are submitted, each of
    /// which may complete at once.
    public boolean isHalfFull() {
        return 2 * ready() > mask;
    }

    /// How many completions the kernel has lost since the ring was opened, because the queue was full and there was no memory
    /// for its overflow list. Their operations never end. `enter` reports that with `EBADR`, but only once, and not if it has
    /// submitted something; this stays.
    public int dropped() {
        return (int) INT.getOpaque(ring, overflowOffset);
    }

    /// Moves up to half of `batch.length` completions into `batch`, two longs each, and gives their places back to the
    /// kernel. Returns how many. They are copied first and handled later, so that handlers may do as they please.
    public int drain(long[] batch) {
        int count = Math.min(ready(), batch.length / 2);
        for (int i = 0; i < count; i++) {
            long cqe = cqesOffset + (long) (head + i & mask) * Abi.CQE_BYTES;
            batch[2 * i] = ring.get(JAVA_LONG, cqe);
            batch[2 * i + 1] = ring.get(JAVA_LONG, cqe + 8);
        }
        head += count;
        INT.setRelease(ring, headOffset, head); // only now may the kernel write there again
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
