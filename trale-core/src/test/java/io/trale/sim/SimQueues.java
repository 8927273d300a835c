package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Errno;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// The two queues of a ring, in memory shared with the program, and its overflow list.
final class SimQueues {

    private static final int FEATURES = 1 // SINGLE_MMAP
            | 1 << 1 // NODROP
            | 1 << 2 // SUBMIT_STABLE
            | 1 << 8; // EXT_ARG

    private static final int MAX_SQ_ENTRIES = 32768;
    private static final int IORING_SETUP_KNOWN = Abi.IORING_SETUP_CQSIZE | Abi.IORING_SETUP_CLAMP
            | Abi.IORING_SETUP_SUBMIT_ALL | Abi.IORING_SETUP_COOP_TASKRUN | Abi.IORING_SETUP_TASKRUN_FLAG
            | Abi.IORING_SETUP_SINGLE_ISSUER | Abi.IORING_SETUP_DEFER_TASKRUN | Abi.IORING_SETUP_NO_SQARRAY;

    // offsets in the shared memory, in bytes
    private static final int SQ_HEAD = 0;
    private static final int SQ_TAIL = 64;
    private static final int SQ_RING_MASK = 128;
    private static final int SQ_FLAGS = 136;
    private static final int CQ_HEAD = 192;
    private static final int CQ_TAIL = 256;
    private static final int CQ_RING_MASK = 320;
    private static final int CQ_OVERFLOW = 324;
    private static final int CQES = 384;

    private record Completion(long userData, int result, int flags) {}

    private final SimKernel kernel;
    private final int flags;
    private final int sqEntries;
    private final int cqEntries;
    private final int sqArray;
    private final ArrayDeque<Completion> overflow = new ArrayDeque<>();
    private long rings;
    private long sqes;
    private int sqHead;
    private int cqTail;
    private int dropped;
    private boolean dropUntold;

    private SimQueues(SimKernel kernel, int flags, int sqEntries, int cqEntries) {
        this.kernel = kernel;
        this.flags = flags;
        this.sqEntries = sqEntries;
        this.cqEntries = cqEntries;
        sqArray = CQES + cqEntries * Abi.CQE_BYTES;
    }

    // ---- set-up

    /// Creates the queues of `io_uring_setup(2)`, or returns null if `params` are invalid or request a missing capability.
    static SimQueues setUp(SimKernel kernel, int entries, MemorySegment params) {
        int flags = params.get(JAVA_INT, Abi.PARAMS_FLAGS);
        int lacking = Capability.unknownSetupFlags(kernel.lacking());
        boolean deferred = (flags & Abi.IORING_SETUP_DEFER_TASKRUN) != 0;
        boolean flagged = (flags & Abi.IORING_SETUP_TASKRUN_FLAG) != 0;
        if ((flags & ~IORING_SETUP_KNOWN) != 0 || (flags & lacking) != 0
                || deferred && (flags & Abi.IORING_SETUP_SINGLE_ISSUER) == 0
                || flagged && !deferred && (flags & Abi.IORING_SETUP_COOP_TASKRUN) == 0) {
            return null;
        }
        boolean clamp = (flags & Abi.IORING_SETUP_CLAMP) != 0;
        int cqWanted = (flags & Abi.IORING_SETUP_CQSIZE) != 0 ? params.get(JAVA_INT, Abi.PARAMS_CQ_ENTRIES) : 2 * entries;
        if (entries < 1 || cqWanted < 1 || !clamp && (entries > MAX_SQ_ENTRIES || cqWanted > 2 * MAX_SQ_ENTRIES)) {
            return null;
        }
        int sqEntries = powerOfTwo(Math.min(entries, MAX_SQ_ENTRIES));
        int cqEntries = powerOfTwo(Math.min(cqWanted, 2 * MAX_SQ_ENTRIES));
        if (cqEntries < sqEntries) {
            return null;
        }
        SimQueues queues = new SimQueues(kernel, flags, sqEntries, cqEntries);
        params.set(JAVA_INT, Abi.PARAMS_SQ_ENTRIES, sqEntries);
        params.set(JAVA_INT, Abi.PARAMS_CQ_ENTRIES, cqEntries);
        params.set(JAVA_INT, Abi.PARAMS_FEATURES, FEATURES);
        params.set(JAVA_INT, Abi.PARAMS_SQ_HEAD, SQ_HEAD);
        params.set(JAVA_INT, Abi.PARAMS_SQ_TAIL, SQ_TAIL);
        params.set(JAVA_INT, Abi.PARAMS_SQ_RING_MASK, SQ_RING_MASK);
        params.set(JAVA_INT, Abi.PARAMS_SQ_FLAGS, SQ_FLAGS);
        params.set(JAVA_INT, Abi.PARAMS_SQ_ARRAY, queues.hasArray() ? queues.sqArray : 0);
        params.set(JAVA_INT, Abi.PARAMS_CQ_HEAD, CQ_HEAD);
        params.set(JAVA_INT, Abi.PARAMS_CQ_TAIL, CQ_TAIL);
        params.set(JAVA_INT, Abi.PARAMS_CQ_RING_MASK, CQ_RING_MASK);
        params.set(JAVA_INT, Abi.PARAMS_CQ_OVERFLOW, CQ_OVERFLOW);
        params.set(JAVA_INT, Abi.PARAMS_CQES, CQES);
        return queues;
    }

    private static int powerOfTwo(int atLeast) {
        return atLeast == 1 ? 1 : Integer.highestOneBit(atLeast - 1) << 1;
    }

    private boolean hasArray() {
        return !isSetUpWith(Abi.IORING_SETUP_NO_SQARRAY);
    }

    boolean isSetUpWith(int flag) {
        return (flags & flag) != 0;
    }

    /// `mmap(2)` has mapped the part at `offset` to `address`. Returns 0 or `-errno`.
    int mapped(long offset, long address, long bytes) {
        if (offset == Abi.IORING_OFF_SQES && bytes <= (long) sqEntries * Abi.SQE_BYTES) {
            sqes = address;
            return 0;
        }
        if (offset == Abi.IORING_OFF_SQ_RING && bytes <= sqArray + (hasArray() ? 4L * sqEntries : 0)) {
            rings = address;
            SimMemory.setInt(rings + SQ_RING_MASK, sqEntries - 1);
            SimMemory.setInt(rings + CQ_RING_MASK, cqEntries - 1);
            return 0;
        }
        return -Errno.EINVAL;
    }

    boolean areMapped() {
        return rings != 0;
    }

    boolean areAt(long address) {
        return address == rings || address == sqes;
    }

    // ---- submissions

    /// The number of published entries that were not taken.
    int submitted() {
        int there = SimMemory.getIntAcquire(rings + SQ_TAIL) - sqHead;
        if (there < 0 || there > sqEntries) {
            throw kernel.failed("submission queue: head " + sqHead + ", " + there + " of " + sqEntries + " entries");
        }
        return there;
    }

    /// Takes the next entry; there is one.
    Entry take() {
        int position = sqHead & sqEntries - 1;
        int index = hasArray() ? SimMemory.getInt(rings + sqArray + 4L * position) : position;
        Entry entry = Entry.read(sqes + (long) index * Abi.SQE_BYTES);
        SimMemory.setIntRelease(rings + SQ_HEAD, ++sqHead);
        return entry;
    }

    // ---- completions

    /// The number of completions in the queue that the program has not taken.
    int ready() {
        return cqTail - SimMemory.getIntAcquire(rings + CQ_HEAD);
    }

    boolean hasOverflow() {
        return !overflow.isEmpty();
    }

    /// True if the queue has room for the next completion.
    boolean hasRoom() {
        return overflow.isEmpty() && ready() < cqEntries;
    }

    void post(long userData, int result, int flags) {
        kernel.trace("complete", userData, result, flags);
        Completion completion = new Completion(userData, result, flags);
        if (hasRoom()) {
            write(completion);
        } else if (overflow.size() == kernel.maxOverflow()) {
            SimMemory.setInt(rings + CQ_OVERFLOW, ++dropped);
            dropUntold = true;
        } else {
            overflow.add(completion);
            setFlag(Abi.IORING_SQ_CQ_OVERFLOW, true);
        }
    }

    boolean hasUntoldDrop() {
        return dropUntold;
    }

    /// True once after completions were dropped: `EBADR` reports a drop only once.
    boolean reportDrop() {
        boolean report = dropUntold;
        dropUntold = false;
        return report;
    }

    void flushOverflow() {
        while (!overflow.isEmpty() && ready() < cqEntries) {
            write(overflow.remove());
        }
        if (overflow.isEmpty()) {
            setFlag(Abi.IORING_SQ_CQ_OVERFLOW, false);
        }
    }

    private void write(Completion completion) {
        long at = rings + CQES + (long) (cqTail & cqEntries - 1) * Abi.CQE_BYTES;
        SimMemory.setLong(at, completion.userData);
        SimMemory.setLong(at + 8, completion.result & 0xffffffffL | (long) completion.flags << 32);
        SimMemory.setIntRelease(rings + CQ_TAIL, ++cqTail);
    }

    /// Sets in the shared flags whether an enter would post completions.
    void setWorkPending(boolean pending) {
        setFlag(Abi.IORING_SQ_TASKRUN, pending);
    }

    private void setFlag(int flag, boolean on) {
        int before = SimMemory.getInt(rings + SQ_FLAGS);
        SimMemory.setInt(rings + SQ_FLAGS, on ? before | flag : before & ~flag);
    }
}
