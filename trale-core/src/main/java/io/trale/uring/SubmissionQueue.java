package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The ring of entries that we write and the kernel reads.
///
/// The kernel owns `head`, we own `tail`; both count up for ever and wrap at 2^32, so only their difference means
/// something. Entries between them belong to the kernel once [#publish] has stored the tail, until an enter consumes
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

    /// Ahead of the shared tail by what is filled in and not yet published.
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
            long array = params.get(JAVA_INT, Abi.PARAMS_SQ_ARRAY); // before 6.6: an indirection we never use
            for (int i = 0; i < entries; i++) {
                ring.set(JAVA_INT, array + 4L * i, i);
            }
        }
    }

    /// How many entries can be had before the next enter.
    public int free() {
        return entries - pending();
    }

    /// How many entries are filled in and not yet consumed by the kernel.
    public int pending() {
        return tail - (int) INT.getAcquire(ring, headOffset); // the kernel has read all that is behind its head
    }

    /// The next entry, to be filled in at once. Throws when there is none: ask [#free] first.
    public Sqe next() {
        if (pending() == entries) {
            throw new IllegalStateException("submission queue full: " + entries + " entries");
        }
        return sqe.pointAt((long) (tail++ & mask) * Abi.SQE_BYTES);
    }

    /// Shows the kernel what was filled in; returns how many entries the next enter has to submit.
    int publish() {
        INT.setRelease(ring, tailOffset, tail); // pairs with the kernel's acquire: entries are written before
        return pending();
    }

    /// True when completions were dropped into the kernel's overflow list; the next enter brings them.
    public boolean completionsOverflowed() {
        return (flags() & Abi.IORING_SQ_CQ_OVERFLOW) != 0;
    }

    /// True when an enter would find completions to post, although none are in the queue yet.
    public boolean workPending() {
        return (flags() & (Abi.IORING_SQ_TASKRUN | Abi.IORING_SQ_CQ_OVERFLOW)) != 0;
    }

    private int flags() {
        return (int) INT.getOpaque(ring, flagsOffset);
    }
}
