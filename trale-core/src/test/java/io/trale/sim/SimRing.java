package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One io_uring instance: the two queues in shared memory, the operations in flight, the overflow list.
final class SimRing extends SimFile {

    private static final int FEATURES = 1 // SINGLE_MMAP
            | 1 << 1 // NODROP
            | 1 << 2 // SUBMIT_STABLE
            | 1 << 8; // EXT_ARG

    private static final int MAX_SQ_ENTRIES = 32768;
    private static final int IORING_SETUP_KNOWN = Abi.IORING_SETUP_CQSIZE | Abi.IORING_SETUP_CLAMP
            | Abi.IORING_SETUP_SUBMIT_ALL | Abi.IORING_SETUP_COOP_TASKRUN | Abi.IORING_SETUP_TASKRUN_FLAG
            | Abi.IORING_SETUP_SINGLE_ISSUER | Abi.IORING_SETUP_DEFER_TASKRUN | Abi.IORING_SETUP_NO_SQARRAY;

    // where things are in the shared memory, in bytes
    private static final int SQ_HEAD = 0;
    private static final int SQ_TAIL = 64;
    private static final int SQ_RING_MASK = 128;
    private static final int SQ_FLAGS = 136;
    private static final int CQ_HEAD = 192;
    private static final int CQ_TAIL = 256;
    private static final int CQ_RING_MASK = 320;
    private static final int CQES = 384;

    private record Completion(long userData, int result, int flags) {}

    private final int flags;
    private final int sqEntries;
    private final int cqEntries;
    private final int sqArray;
    private long rings;
    private long sqes;

    private int sqHead;
    private int cqTail;
    private boolean closed;

    /// In the order of their submission, by themselves: two may have the same `user_data`.
    private final Map<SimOperation, SimOperation> inFlight = new LinkedHashMap<>();
    /// Operations whose file may have become ready, until somebody enters.
    private final List<SimOperation> work = new ArrayList<>();
    private final ArrayDeque<Completion> overflow = new ArrayDeque<>();
    private final Map<Integer, SimBuffers> groups = new HashMap<>();

    private SimRing(SimKernel kernel, int flags, int sqEntries, int cqEntries) {
        super(kernel);
        this.flags = flags;
        this.sqEntries = sqEntries;
        this.cqEntries = cqEntries;
        sqArray = CQES + cqEntries * Abi.CQE_BYTES;
    }

    // ---- set-up

    /// `io_uring_setup(2)`. Returns the ring, or null if the parameters ask for what there is not.
    static SimRing setUp(SimKernel kernel, int entries, MemorySegment params) {
        int flags = params.get(ValueLayout.JAVA_INT, Abi.PARAMS_FLAGS);
        int lacking = Capability.unknownSetupFlags(kernel.lacking());
        boolean deferred = (flags & Abi.IORING_SETUP_DEFER_TASKRUN) != 0;
        boolean flagged = (flags & Abi.IORING_SETUP_TASKRUN_FLAG) != 0;
        if ((flags & ~IORING_SETUP_KNOWN) != 0 || (flags & lacking) != 0
                || deferred && (flags & Abi.IORING_SETUP_SINGLE_ISSUER) == 0
                || flagged && !deferred && (flags & Abi.IORING_SETUP_COOP_TASKRUN) == 0) {
            return null;
        }
        boolean clamp = (flags & Abi.IORING_SETUP_CLAMP) != 0;
        int cqWanted = (flags & Abi.IORING_SETUP_CQSIZE) != 0 ? params.get(ValueLayout.JAVA_INT, Abi.PARAMS_CQ_ENTRIES)
                : 2 * entries;
        if (entries < 1 || cqWanted < 1 || !clamp && (entries > MAX_SQ_ENTRIES || cqWanted > 2 * MAX_SQ_ENTRIES)) {
            return null;
        }
        int sqEntries = powerOfTwo(Math.min(entries, MAX_SQ_ENTRIES));
        int cqEntries = powerOfTwo(Math.min(cqWanted, 2 * MAX_SQ_ENTRIES));
        if (cqEntries < sqEntries) {
            return null;
        }
        SimRing ring = new SimRing(kernel, flags, sqEntries, cqEntries);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_SQ_ENTRIES, sqEntries);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_CQ_ENTRIES, cqEntries);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_FEATURES, FEATURES);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_SQ_HEAD, SQ_HEAD);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_SQ_TAIL, SQ_TAIL);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_SQ_RING_MASK, SQ_RING_MASK);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_SQ_FLAGS, SQ_FLAGS);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_SQ_ARRAY, ring.hasArray() ? ring.sqArray : 0);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_CQ_HEAD, CQ_HEAD);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_CQ_TAIL, CQ_TAIL);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_CQ_RING_MASK, CQ_RING_MASK);
        params.set(ValueLayout.JAVA_INT, Abi.PARAMS_CQES, CQES);
        return ring;
    }

    private boolean hasArray() {
        return (flags & Abi.IORING_SETUP_NO_SQARRAY) == 0;
    }

    /// True while the memory at `address` is one of the queues of this ring.
    boolean uses(long address) {
        return !closed && (address == rings || address == sqes);
    }

    private static int powerOfTwo(int atLeast) {
        return atLeast == 1 ? 1 : Integer.highestOneBit(atLeast - 1) << 1;
    }

    /// Tells where `mmap(2)` put the part of the ring at `offset`. Returns 0 or `-errno`.
    int mapped(long offset, long address, long bytes) {
        if (offset == Abi.IORING_OFF_SQES && bytes <= (long) sqEntries * Abi.SQE_BYTES) {
            sqes = address;
            return 0;
        }
        if (offset == Abi.IORING_OFF_SQ_RING && bytes <= sqArray + (hasArray() ? 4L * sqEntries : 0)) {
            rings = address;
            Ram.setInt(rings + SQ_RING_MASK, sqEntries - 1);
            Ram.setInt(rings + CQ_RING_MASK, cqEntries - 1);
            return 0;
        }
        return -Errno.EINVAL;
    }

    int registerBuffers(MemorySegment arg) {
        long address = arg.get(ValueLayout.JAVA_LONG, Abi.BUF_REG_ADDRESS);
        int entries = arg.get(ValueLayout.JAVA_INT, Abi.BUF_REG_ENTRIES);
        int group = arg.get(ValueLayout.JAVA_SHORT, Abi.BUF_REG_GROUP) & 0xffff;
        if (Integer.bitCount(entries) != 1 || entries > 32768 || address % 4096 != 0) {
            return -Errno.EINVAL;
        }
        if (groups.containsKey(group)) {
            return -17; // EEXIST
        }
        groups.put(group, new SimBufferRing(kernel, address, entries, group));
        return 0;
    }

    int unregisterBuffers(MemorySegment arg) {
        int group = arg.get(ValueLayout.JAVA_SHORT, Abi.BUF_REG_GROUP) & 0xffff;
        if (!(groups.get(group) instanceof SimBufferRing buffers)) {
            return -Errno.EINVAL;
        }
        groups.remove(group);
        buffers.close();
        return 0;
    }

    SimBuffers buffers(int group) {
        return groups.get(group);
    }

    // ---- enter

    /// `io_uring_enter(2)`; `timeoutNanos` is `Long.MAX_VALUE` if there is none.
    int enter(int toSubmit, int minComplete, boolean getEvents, long timeoutNanos) {
        Faults faults = kernel.faults();
        if (toSubmit > 0) {
            if (!overflow.isEmpty()) {
                flushOverflow();
                if (!overflow.isEmpty() && kernel.chance(faults.shortage())) {
                    return -Errno.EBUSY;
                }
            }
            if (kernel.chance(faults.shortage())) {
                return -kernel.oneOf(Errno.EAGAIN, Errno.ENOMEM);
            }
        }
        int submitted = submit(toSubmit);
        if (submitted < toSubmit || !getEvents) {
            return submitted;
        }
        int waited = await(minComplete, timeoutNanos);
        return submitted > 0 ? submitted : waited;
    }

    private int submit(int toSubmit) {
        int there = Ram.getIntAcquire(rings + SQ_TAIL) - sqHead;
        if (there < 0 || there > sqEntries) {
            throw kernel.failed("submission queue: head " + sqHead + ", " + there + " of " + sqEntries + " entries");
        }
        int count = Math.min(toSubmit, there);
        if (count > 1 && kernel.chance(kernel.faults().partialSubmission())) {
            count = 1 + kernel.below(count);
        }
        for (int i = 0; i < count; i++) {
            int position = sqHead & sqEntries - 1;
            int index = hasArray() ? Ram.getInt(rings + sqArray + 4L * position) : position;
            Entry entry = Entry.read(sqes + (long) index * Abi.SQE_BYTES);
            Ram.setIntRelease(rings + SQ_HEAD, ++sqHead);
            issue(entry);
        }
        return count;
    }

    private int await(int minComplete, long timeoutNanos) {
        long deadline = timeoutNanos == Long.MAX_VALUE ? Long.MAX_VALUE : kernel.time.now() + timeoutNanos;
        kernel.time.elapse(SimKernel.CALL_NANOS);
        runWork(minComplete);
        boolean interrupted = minComplete > 0 && kernel.chance(kernel.faults().interruption());
        for (int steps = 0; ready() < minComplete; steps++) {
            if (steps == SimKernel.MAX_STEPS) {
                throw kernel.failed("enter waits for ever: " + steps + " events, and no completion");
            }
            if (interrupted && kernel.chance(0.5)) {
                return -Errno.EINTR;
            }
            if (kernel.runForeignMaybe() || !work.isEmpty()) {
                runWork(minComplete);
                continue;
            }
            long next = kernel.time.next();
            if (next > deadline) {
                kernel.time.moveTo(Math.max(deadline, kernel.time.now()));
                return -Errno.ETIME;
            }
            if (next == Long.MAX_VALUE) {
                if (!kernel.runForeign()) {
                    throw kernel.failed("enter would wait for ever: nothing is going to happen, in flight are "
                            + inFlight.keySet());
                }
            } else {
                kernel.time.moveTo(Math.max(next, kernel.time.now()));
            }
            kernel.scribbleMaybe();
            runWork(minComplete);
        }
        return 0;
    }

    // ---- operations

    private void issue(Entry entry) {
        kernel.trace("submit", entry.opcode(), entry.fd(), entry.userData());
        if (entry.opcode() == Abi.IORING_OP_ASYNC_CANCEL) {
            kernel.soon(() -> post(entry.userData(), cancel(entry.address()), 0));
            return;
        }
        if (entry.opcode() == Abi.IORING_OP_PROVIDE_BUFFERS) { // at once and in order, as receives may follow that pick
            SimBuffers buffers = groups.computeIfAbsent(entry.group(), group -> new SimBufferList(kernel));
            post(entry.userData(), buffers instanceof SimBufferList list ? list.provide(entry) : -Errno.EINVAL, 0);
            return;
        }
        SimFile file = entry.opcode() == Abi.IORING_OP_NOP ? this : kernel.file(entry.fd());
        if (file == null) {
            if (kernel.isStrict()) {
                throw kernel.failed("submitted on a closed descriptor: " + entry);
            }
            post(entry.userData(), -Errno.EBADF, 0);
            return;
        }
        SimOperation operation = operation(entry, file);
        if (operation == null) {
            post(entry.userData(), -Errno.EINVAL, 0);
            return;
        }
        operation.claimMemory(kernel.shadow);
        file.hold();
        inFlight.put(operation, operation);
        kernel.scribbleMaybe();
        long late = kernel.lateness();
        if (late == 0) {
            operation.run();
        } else {
            operation.busy = true;
            kernel.time.after(late, () -> addWork(operation));
        }
    }

    private SimOperation operation(Entry entry, SimFile file) {
        if (entry.ioPriority() != 0 || (entry.flags() & ~Abi.IOSQE_BUFFER_SELECT) != 0) {
            return null;
        }
        SimTcp tcp = file instanceof SimTcp socket ? socket : null;
        return switch (entry.opcode()) {
            case Abi.IORING_OP_NOP -> new Nop(this, entry, file);
            case Abi.IORING_OP_POLL_ADD -> new Poll(this, entry, file);
            case Abi.IORING_OP_READ -> new Read(this, entry, file);
            case Abi.IORING_OP_RECV -> tcp == null ? null : new Receive(this, entry, tcp);
            case Abi.IORING_OP_SEND -> tcp == null ? null : new Send(this, entry, tcp);
            case Abi.IORING_OP_ACCEPT -> tcp == null ? null : new Accept(this, entry, tcp);
            case Abi.IORING_OP_CONNECT -> tcp == null ? null : new Connect(this, entry, tcp);
            default -> null;
        };
    }

    /// Returns what the cancel itself completes with; what becomes of its target is another matter.
    private int cancel(long userData) {
        SimOperation target = null;
        for (SimOperation operation : inFlight.keySet()) {
            if (operation.entry.userData() == userData) {
                target = operation;
                break;
            }
        }
        if (target == null) {
            return -Errno.ENOENT;
        }
        target.cancelled = true;
        if (target.busy) {
            return -Errno.EALREADY;
        }
        if (kernel.lateness() > 0) {
            SimOperation later = target;
            kernel.time.after(kernel.lateness(), () -> addWork(later));
        } else {
            target.run();
        }
        return 0;
    }

    /// The file of `operation` may have become ready: it is looked at when the program next enters, or at once if the
    /// ring was set up so that it may be interrupted.
    void addWork(SimOperation operation) {
        if (closed || operation.isOver()) {
            return;
        }
        work.add(operation);
        if ((flags & Abi.IORING_SETUP_TASKRUN_FLAG) != 0) {
            setFlag(Abi.IORING_SQ_TASKRUN, true);
        }
    }

    /// True if a call of any kind, or none, lets the work be done.
    boolean mayBeInterrupted() {
        return (flags & Abi.IORING_SETUP_DEFER_TASKRUN) == 0;
    }

    /// Does the work: all of it, or as much as brings `enough` completions.
    void runWork(int enough) {
        if (closed || rings == 0) {
            return;
        }
        flushOverflow();
        List<SimOperation> batch = new ArrayList<>(work);
        work.clear();
        kernel.shuffle(batch);
        for (int i = 0; i < batch.size(); i++) {
            if (enough > 0 && ready() >= enough && kernel.chance(kernel.faults().late())) {
                work.addAll(0, batch.subList(i, batch.size()));
                break;
            }
            batch.get(i).run();
        }
        if (work.isEmpty()) {
            setFlag(Abi.IORING_SQ_TASKRUN, false);
        }
        flushOverflow();
    }

    void ended(SimOperation operation, int result, int flags) {
        inFlight.remove(operation);
        kernel.shadow.release(operation);
        if (!closed) {
            post(operation.entry.userData(), result, flags);
        }
        operation.file.drop();
    }

    // ---- completions

    private int ready() {
        return cqTail - Ram.getIntAcquire(rings + CQ_HEAD);
    }

    private void post(long userData, int result, int flags) {
        if (closed) {
            return;
        }
        kernel.trace("complete", userData, result, flags);
        if (overflow.isEmpty() && ready() < cqEntries) {
            write(new Completion(userData, result, flags));
        } else {
            overflow.add(new Completion(userData, result, flags));
            setFlag(Abi.IORING_SQ_CQ_OVERFLOW, true);
        }
    }

    /// Posts one of several completions. Returns false if there is no room, and then the operation has to end.
    boolean postMore(long userData, int result) {
        if (!overflow.isEmpty() || ready() >= cqEntries) {
            return false;
        }
        post(userData, result, Abi.IORING_CQE_F_MORE);
        return true;
    }

    private void flushOverflow() {
        while (!overflow.isEmpty() && ready() < cqEntries) {
            write(overflow.remove());
        }
        if (overflow.isEmpty()) {
            setFlag(Abi.IORING_SQ_CQ_OVERFLOW, false);
        }
    }

    private void write(Completion completion) {
        long at = rings + CQES + (long) (cqTail & cqEntries - 1) * Abi.CQE_BYTES;
        Ram.setLong(at, completion.userData);
        Ram.setLong(at + 8, completion.result & 0xffffffffL | (long) completion.flags << 32);
        Ram.setIntRelease(rings + CQ_TAIL, ++cqTail);
    }

    private void setFlag(int flag, boolean on) {
        int before = Ram.getInt(rings + SQ_FLAGS);
        Ram.setInt(rings + SQ_FLAGS, on ? before | flag : before & ~flag);
    }

    // ---- the end

    @Override
    int poll() {
        return 0;
    }

    /// Fails if anything is in flight on `file`, whose descriptor is being closed.
    void checkIdle(SimFile file) {
        for (SimOperation operation : inFlight.keySet()) {
            if (operation.file == file) {
                throw kernel.failed("closed while in flight: " + operation);
            }
        }
    }

    boolean isIdle() {
        return inFlight.isEmpty();
    }

    /// Its descriptor is closed: what is in flight goes on for a while, with the memory that it was given.
    void close() {
        closed = true;
        if (isIdle()) { // else it keeps what it was given
            groups.values().stream().filter(SimBufferList.class::isInstance).forEach(SimBuffers::close);
        }
        for (SimOperation operation : List.copyOf(inFlight.keySet())) {
            kernel.time.after(kernel.lateness(), () -> {
                if (!operation.isOver()) {
                    operation.cancelled = true;
                    operation.run();
                }
            });
        }
    }

    @Override
    public String toString() {
        return "ring with " + inFlight.keySet() + " in flight";
    }
}
