package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The ring of entries that we write and the kernel reads.
///
/// The kernel writes `head`, we write `tail`. Both only increase and wrap at 2^32; only their difference has a meaning.
/// After [#publish] has stored the tail, the entries between head and tail belong to the kernel until an enter consumes
/// them.
public final class SubmissionQueue {

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final long headOffset;
    private final long tailOffset;
    private final long flagsOffset;
    private final int entries;
    private final int mask;
    private final Sqe sqe;

    /// The shared tail plus the number of entries that are filled in and not yet published.
    private int tail;

    SubmissionQueue(MemorySegment ring, MemorySegment sqes, MemorySegment params) {
        this.ring = ring;
        headOffset = params.get(JAVA_INT, Abi.PARAMS_SQ_HEAD);
        tailOffset = params.get(JAVA_INT, Abi.PARAMS_SQ_TAIL);
        flagsOffset = params.get(JAVA_INT, Abi.PARAMS_SQ_FLAGS);
        entries = params.get(JAVA_INT, Abi.PARAMS_SQ_ENTRIES);
        mask = ring.get(JAVA_INT, params.get(JAVA_INT, Abi.PARAMS_SQ_RING_MASK));
        sqe = new Sqe(sqes);
        if ((params.get(JAVA_INT, Abi.PARAMS_FLAGS) & Abi.IORING_SETUP_NO_SQARRAY) == 0) {
            long array = params.get(JAVA_INT, Abi.PARAMS_SQ_ARRAY); // before Linux 6.6: an index array; entry i holds i
            for (int i = 0; i < entries; i++) {
                ring.set(JAVA_INT, array + 4L * i, i);
            }
        }
    }

    /// The number of entries that [#next] can return before the next enter.
    public int free() {
        return entries - pending();
    }

    /// The number of entries that are filled in and not yet consumed by the kernel.
    public int pending() {
        return tail - (int) INT.getAcquire(ring, headOffset); // pairs with the kernel's release of the head
    }

    /// The next entry; the caller fills it in at once. Throws [IllegalStateException] if the queue is full; check [#free]
    /// first.
    public Sqe next() {
        if (pending() == entries) {
            throw new IllegalStateException("submission queue full: " + entries + " entries");
        }
        return sqe.pointAt((long) (tail++ & mask) * Abi.SQE_BYTES);
    }

    /// Publishes the filled-in entries to the kernel. Returns the number of entries that the next enter has to submit.
    int publish() {
        INT.setRelease(ring, tailOffset, tail); // pairs with the kernel's acquire: the entries are written before the tail
        return pending();
    }

    /// True if the completion queue was full and the kernel keeps completions in its overflow list. The next enter moves
    /// them to the queue.
    public boolean completionsOverflowed() {
        return (flags() & Abi.IORING_SQ_CQ_OVERFLOW) != 0;
    }

    /// True if an enter would post completions that are not in the queue yet.
    public boolean workPending() {
        return (flags() & (Abi.IORING_SQ_TASKRUN | Abi.IORING_SQ_CQ_OVERFLOW)) != 0;
    }

    private int flags() {
        return (int) INT.getOpaque(ring, flagsOffset);
    }
}
