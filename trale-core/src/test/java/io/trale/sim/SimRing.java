package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One io_uring instance: `enter`, the operations in flight, and the work that waits for the next enter.
final class SimRing extends SimFile {

    /// The most events that one `enter` waits for without a completion.
    private static final int MAX_STEPS = 1_000_000;

    private final SimQueues queues;
    final SimGroups groups;

    /// In the order of submission. Keyed by identity, since two may have the same `user_data`.
    private final Map<SimOperation, SimOperation> inFlight = new LinkedHashMap<>();
    /// Operations whose file may have become ready, until the next enter.
    private final List<SimOperation> work = new ArrayList<>();
    private boolean closed;

    private SimRing(SimKernel kernel, SimQueues queues) {
        super(kernel);
        this.queues = queues;
        groups = new SimGroups(kernel);
    }

    /// `io_uring_setup(2)`. Returns null if the parameters are invalid or request a missing capability.
    static SimRing setUp(SimKernel kernel, int entries, MemorySegment params) {
        SimQueues queues = SimQueues.setUp(kernel, entries, params);
        return queues == null ? null : new SimRing(kernel, queues);
    }

    /// `mmap(2)` has mapped the part of the ring at `offset` to `address`. Returns 0 or `-errno`.
    int mapped(long offset, long address, long bytes) {
        return queues.mapped(offset, address, bytes);
    }

    /// True if a queue of this ring is mapped at `address`.
    boolean uses(long address) {
        return !closed && queues.areAt(address);
    }

    // ---- enter

    /// `io_uring_enter(2)`; `deadline` is `Long.MAX_VALUE` if there is none.
    int enter(int toSubmit, int minComplete, boolean getEvents, long deadline) {
        if (toSubmit > 0) {
            if (queues.hasOverflow()) {
                queues.flushOverflow();
                if (queues.hasOverflow() && kernel.dice.fault(Fault.BUSY)) {
                    return -Errno.EBUSY;
                }
            }
            if (kernel.dice.fault(Fault.SHORTAGE)) {
                return -kernel.dice.oneOf(Errno.EAGAIN, Errno.ENOMEM);
            }
        }
        int submitted = submit(toSubmit);
        if (submitted < toSubmit || !getEvents) {
            return submitted;
        }
        int waited = await(minComplete, deadline);
        return submitted > 0 ? submitted : waited == 0 && queues.reportDrop() ? -SimErrno.EBADR : waited;
    }

    private int submit(int toSubmit) {
        int count = Math.min(toSubmit, queues.submitted());
        if (count > 1 && kernel.dice.fault(Fault.PARTIAL_SUBMISSION)) {
            count = 1 + kernel.dice.below(count);
        }
        for (int i = 0; i < count; i++) {
            issue(queues.take());
        }
        return count;
    }

    private int await(int minComplete, long deadline) {
        runWork(minComplete);
        boolean interrupted = minComplete > 0 && kernel.dice.fault(Fault.INTERRUPTION);
        for (int steps = 0; queues.ready() < minComplete; steps++) {
            if (steps == MAX_STEPS) {
                throw kernel.failed("enter does not end: " + steps + " events, and no completion");
            }
            if (queues.hasUntoldDrop()) {
                return 0;
            }
            if (interrupted && kernel.dice.chance(0.5)) {
                return -Errno.EINTR;
            }
            if (kernel.foreign.proceedMaybe() || !work.isEmpty()) {
                runWork(minComplete);
                continue;
            }
            long next = kernel.time.next();
            if (next > deadline) {
                kernel.time.moveTo(Math.max(deadline, kernel.time.now()));
                return -Errno.ETIME;
            }
            if (next == Long.MAX_VALUE) {
                if (kernel.sleep != null) {
                    kernel.sleep.run();
                } else if (!kernel.foreign.proceed()) {
                    throw kernel.failed("enter does not end: no event is scheduled, in flight are "
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
        kernel.trace("submit", entry.opcode() == null ? -1 : entry.opcode().number(), entry.fd(), entry.userData());
        if (entry.opcode() == Opcode.ASYNC_CANCEL) {
            kernel.soon(() -> post(entry.userData(), cancel(entry.address()), 0));
            return;
        }
        if (entry.opcode() == Opcode.PROVIDE_BUFFERS) { // at once and in order: receives that select may follow
            post(entry.userData(), groups.provide(entry), 0);
            return;
        }
        SimFile file = entry.namesFile() ? kernel.file(entry.fd()) : this;
        if (file == null) {
            if (kernel.isStrict()) {
                throw kernel.failed("submitted on a closed descriptor: " + entry);
            }
            post(entry.userData(), -Errno.EBADF, 0);
            return;
        }
        SimOperation operation = SimOperation.of(this, entry, file);
        operation.claimMemory(kernel.shadow);
        file.hold();
        inFlight.put(operation, operation);
        kernel.scribbleMaybe();
        long late = kernel.dice.lateness();
        if (late == 0) {
            operation.run();
        } else {
            operation.busy = true;
            kernel.time.after(late, () -> addWork(operation));
        }
    }

    /// Returns the result of the cancel, which does not tell how its target ends.
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
        if (target.busy && kernel.dice.fault(Fault.LOST_CANCEL)) {
            return -Errno.EALREADY; // a kernel worker executes it
        }
        long late = kernel.dice.lateness();
        if (late > 0) {
            SimOperation later = target;
            kernel.time.after(late, () -> addWork(later));
        } else {
            target.run();
        }
        return 0;
    }

    /// The file of `operation` may have become ready. The attempt runs in the next enter, or, depending on the setup flags, at
    /// once.
    void addWork(SimOperation operation) {
        if (closed || operation.isOver()) {
            return;
        }
        work.add(operation);
        if (queues.isSetUpWith(Abi.IORING_SETUP_TASKRUN_FLAG)) {
            queues.setWorkPending(true);
        }
    }

    /// True if the work does not need an enter.
    boolean mayBeInterrupted() {
        return !queues.isSetUpWith(Abi.IORING_SETUP_DEFER_TASKRUN);
    }

    /// Runs the work until all is done or `enough` completions are posted.
    void runWork(int enough) {
        if (closed || !queues.areMapped()) {
            return;
        }
        queues.flushOverflow();
        List<SimOperation> batch = new ArrayList<>(work);
        work.clear();
        kernel.dice.order(batch);
        for (int i = 0; i < batch.size(); i++) {
            if (enough > 0 && queues.ready() >= enough && kernel.dice.fault(Fault.LATE)) {
                work.addAll(0, batch.subList(i, batch.size()));
                break;
            }
            batch.get(i).run();
        }
        if (work.isEmpty()) {
            queues.setWorkPending(false);
        }
        queues.flushOverflow();
    }

    /// Posts a completion that is not the last one. Returns false if the queue is full; the operation must end then.
    boolean postMore(long userData, int result) {
        if (!queues.hasRoom()) {
            return false;
        }
        post(userData, result, Abi.IORING_CQE_F_MORE);
        return true;
    }

    void ended(SimOperation operation, int result, int flags) {
        inFlight.remove(operation);
        kernel.shadow.release(operation);
        post(operation.entry.userData(), kernel.reported(operation.entry.opcode(), result), flags);
        operation.file.drop();
    }

    private void post(long userData, int result, int flags) {
        if (!closed) {
            queues.post(userData, result, flags);
        }
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

    /// The descriptor is closed. Operations in flight continue for a while, and still access their memory.
    void close() {
        closed = true;
        if (isIdle()) {
            groups.close();
        }
        for (SimOperation operation : List.copyOf(inFlight.keySet())) {
            kernel.time.after(kernel.dice.lateness(), () -> {
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
