package io.trale.reactor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.linux.Time;
import io.trale.reactor.Counters.Count;
import io.trale.uring.Ring;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// The ring of one thread and its operations in flight: stages operations, enters the kernel, handles completions.
///
/// The steps of a turn are in [#turn]. Handlers run after the completions were copied out of the ring, so they, and the user
/// code that they call, may stage, cancel and close.
///
/// The object outlives its ring: [#open] and [#close] may alternate, and descriptors stay valid in between. Loop thread only,
/// but for [#wake], [#counters], [#onLoop] and [#isExiting].
public final class Reactor {

    private final Kernel kernel;
    private final Limits limits;
    private final Counters counters = new Counters();
    private final TurnClock clock;
    private final Deadlines deadlines = new Deadlines(this);
    private Slots slots = new Slots();
    private final Staging staging = new Staging(this);
    private final Completions completions;

    private Object owner;
    private Consumer<Throwable> faults = failure -> { };
    private MemoryListener memoryListener = MemoryListener.NONE;
    private Thread thread = Thread.currentThread();
    private Thread blockThread;
    private Arena arena;
    private Ring ring;
    /// What is staged is withdrawn at once: after [#cancelAll], until the next [#open].
    private boolean refusing;
    private volatile Notifier notifier;
    private Pools pools;

    /// A reactor on `kernel` for the current thread, not open yet.
    public Reactor(Kernel kernel, Limits limits) {
        this.kernel = kernel;
        this.limits = limits;
        clock = new TurnClock(kernel, counters);
        completions = new Completions(this, staging, limits.completionsPerTurn());
    }

    /// The reactor of the current thread; created with default limits if there is none.
    public static Reactor current() {
        return CurrentReactor.get();
    }

    /// True if the current thread has a reactor.
    public static boolean isBound() {
        return CurrentReactor.isSet();
    }

    /// Makes the current thread the loop thread, and this the [#current] of that thread.
    public void bind() {
        thread = Thread.currentThread();
        CurrentReactor.set(this);
    }

    /// Undoes [#bind]. No thread is the loop thread any more.
    public void unbind() {
        CurrentReactor.clear();
        thread = null;
    }

    /// True on the loop thread, and in the code of an async block while the loop runs it. Any thread.
    public boolean onLoop() {
        Thread current = Thread.currentThread();
        return current == thread || current == blockThread; // another thread may read an old value, but never itself
    }

    /// True if the loop thread is inside [Runtime#exit], or runs the code of a block that is. Any thread.
    public boolean isExiting() {
        return isExiting(thread) || isExiting(blockThread); // may read an old block; a caller that repeats this reads the current one at last
    }

    /// True if `thread`, which may be null, is inside [Runtime#exit], which never returns: it waits for the shutdown hooks. Any
    /// thread.
    public static boolean isExiting(Thread thread) {
        return thread != null && Arrays.stream(thread.getStackTrace()).anyMatch(Reactor::isExit);
    }

    static boolean isExit(StackTraceElement frame) {
        return frame.getClassName().equals("java.lang.Runtime") && frame.getMethodName().equals("exit");
    }

    /// The loop runs the code of a block, whose virtual thread is `thread`, until [#leaveBlock]. That code runs no other block.
    public void enterBlock(Thread thread) {
        blockThread = thread;
    }

    /// Undoes [#enterBlock].
    public void leaveBlock() {
        blockThread = null;
    }

    /// Throws [WrongThreadException] if not on the loop thread, and [IllegalStateException] if there is no loop thread any more.
    public void checkThread() {
        if (!onLoop()) {
            Thread owner = thread;
            if (owner == null) {
                throw new IllegalStateException("belongs to an executor that was closed");
            }
            throw new WrongThreadException("belongs to " + owner + ", called on " + Thread.currentThread());
        }
    }

    /// The executor that this reactor works for, or null if it has none yet.
    public Object owner() {
        return owner;
    }

    /// Sets the executor that this reactor works for, and the handler of failures that no caller can catch.
    public void setOwner(Object owner, Consumer<Throwable> faults) {
        this.owner = owner;
        this.faults = faults;
    }

    /// Sets the observer of memory ownership, before the ring is opened. For tests.
    public void setMemoryListener(MemoryListener listener) {
        memoryListener = listener;
    }

    /// The observer of memory ownership, for operations that name memory of no pool.
    public MemoryListener memoryListener() {
        return memoryListener;
    }

    /// The system-call boundary.
    public Kernel kernel() {
        return kernel;
    }

    /// What was done so far. Any thread.
    public Counters counters() {
        return counters;
    }

    /// The clock of turns.
    public TurnClock clock() {
        return clock;
    }

    /// Opens the ring for the current thread, which must be the loop thread and a platform thread: only the thread that opened
    /// the ring may enter it, and a virtual thread may move to another.
    public void open() throws ErrnoException {
        checkThread();
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("an executor needs a platform thread, this is " + Thread.currentThread());
        }
        arena = Arena.ofShared();
        try {
            ring = Ring.open(kernel, arena, limits.submissionEntries(), limits.completionEntries());
        } catch (ErrnoException e) {
            arena.close();
            throw e;
        }
        refusing = false;
        slots = new Slots();
        counters.add(Count.IN_FLIGHT, staging.withdrawn() - counters.get(Count.IN_FLIGHT)); // those left to the kernel no longer count
        pools = new Pools(this, ring, arena, limits, staging);
        int eventfd = -1;
        int timerfd = -1;
        try {
            eventfd = Failure.check("eventfd", kernel.eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK));
            timerfd = Failure.check("timerfd_create",
                    kernel.timerfdCreate(Time.CLOCK_MONOTONIC, Time.TFD_CLOEXEC | Time.TFD_NONBLOCK));
            deadlines.open(arena, new Descriptor(this, timerfd));
            notifier = new Notifier(new Descriptor(this, eventfd));
            stage(notifier);
            probeNotifier();
        } catch (ErrnoException | IllegalStateException e) { // the latter: the kernel has io_uring_setup, but not the rest
            closeInternal(eventfd, timerfd);
            free();
            throw e;
        }
    }

    private void closeInternal(int... descriptors) {
        Arrays.stream(descriptors).filter(fd -> fd >= 0).forEach(kernel::close);
    }

    /// Tests that two writes post two completions, without a read in between.
    private void probeNotifier() {
        turn(0);
        for (int writes = 1; writes <= 2; writes++) {
            kernel.write8(notifier.descriptor().fd(), 1);
            enter(0, 0);
            completions.take(ring.completions);
            completions.handle(slots);
            if (notifier.completions() < writes || !notifier.inFlight()) {
                notifier.readInstead();
            }
        }
        if (!notifier.multishot()) {
            end(notifier);
            stage(notifier);
        }
    }

    /// True between [#open] and [#close].
    public boolean isOpen() {
        return ring != null;
    }

    /// The ring, while this is open.
    public Ring ring() {
        return ring;
    }

    /// True if one multishot poll reports all wake-ups, false if an operation is re-armed for each.
    public boolean wakesByMultishot() {
        return notifier.multishot();
    }

    /// Ends the sleep of the loop, or the next one. Any thread. Makes one system call.
    public void wake() {
        notifier.wake();
    }

    /// The pools of native memory, while this is open.
    public Pools pools() {
        return pools;
    }

    /// The deadlines of this loop.
    public Deadlines deadlines() {
        return deadlines;
    }

    /// Queues `operation`, which must be idle, for the next enter. Makes no system call.
    public void stage(Operation operation) {
        stage(operation, staging.plain());
    }

    void stage(Operation operation, StagingQueue queue) {
        operation.staged();
        if (!operation.isInternal()) {
            counters.add(Count.IN_FLIGHT, 1);
        }
        if (isOpen() && !(refusing && operation.endsWithRing())) {
            queue.add(operation);
        } else {
            staging.withdraw(operation);
        }
    }

    /// Requests the end of `operation`; no effect if it is idle, or if it was cancelled before. Its last completion still comes,
    /// with `-ECANCELED`, another error, a partial result or a full one.
    public void cancel(Operation operation) {
        if (operation.inFlight() && !operation.cancelling) {
            operation.cancelling = true;
            counters.add(Count.CANCELS, 1);
            staging.cancel(operation);
        }
    }

    /// One turn of a loop without jobs: [#submit], then [#handle]. Returns how many callbacks have run, which may be 0 (`EINTR`):
    /// then call again. For a loop with jobs see `Loop` in `io.trale.task`.
    public int turn(long sleepNanos) {
        submit(sleepNanos);
        return handle();
    }

    /// Submits what is staged. Sleeps until a completion, but at most `sleepNanos` (0: not at all; `Long.MAX_VALUE`: without
    /// limit), and not if there is something to handle already. Does nothing while the ring is closed.
    ///
    /// Makes one system call, or more if the submission queue is too small. Throws [IllegalStateException] if the ring is
    /// broken: `io_uring_enter(2)` fails, or the kernel has lost a completion.
    public void submit(long sleepNanos) {
        if (ring == null) {
            return;
        }
        boolean maySleep = sleepNanos > 0 && deadlines.arm() && completions.pending() == 0;
        boolean more = true;
        while (more && !ring.completions.isHalfFull()) { // if it is, more submissions might overflow it
            more = staging.writeTo(ring.submissions, slots);
            boolean sleep = maySleep && !more && staging.withdrawn() == 0 && ring.completions.ready() == 0
                    && !staging.waitsForReservations();
            if (sleep) {
                clock.end();
            }
            if (sleep || ring.submissions.pending() > 0 || ring.submissions.workPending()) {
                if (!enter(sleep ? 1 : 0, sleepNanos)) {
                    break; // the kernel takes no more now: handle completions first
                }
            }
        }
        if (ring.completions.dropped() != 0) {
            throw new IllegalStateException("io_uring has lost " + Integer.toUnsignedString(ring.completions.dropped())
                    + " completions, since it had no memory for its overflow list: their operations never end");
        }
        if (ring.submissions.pending() == 0 && !ring.submissions.completionsOverflowed()) {
            staging.submitted(counters.get(Count.COMPLETED) + completions.pending() + ring.completions.ready());
        }
    }

    /// Returns false if entries were left over.
    private boolean enter(int minComplete, long sleepNanos) {
        int toSubmit = ring.submissions.pending();
        if (ring.submissions.completionsOverflowed()) {
            counters.add(Count.OVERFLOWS, 1);
        }
        counters.add(Count.ENTERS, 1);
        int result = ring.enter(minComplete, sleepNanos);
        if (result >= 0) {
            counters.add(Count.SUBMITTED, result);
            return result == toSubmit;
        }
        switch (-result) {
            case Errno.EINTR, Errno.ETIME -> { } // a signal, or the end of the sleep: nothing was submitted
            case Errno.EAGAIN, Errno.EBUSY, Errno.ENOMEM -> { } // no memory, or completions must be taken first
            default -> throw new IllegalStateException("io_uring_enter: " + Errno.describe(-result));
        }
        return toSubmit == 0;
    }

    /// Begins a turn of the clock. While the turn has time, calls the handlers of completions, at most
    /// [Limits#completionsPerTurn], then of withdrawn operations, and then runs deadlines, at most 512. Returns how many.
    public int handle() {
        clock.begin();
        if (ring != null) {
            completions.take(ring.completions);
        }
        return completions.handle(slots) + endWithdrawn() + deadlines.run();
    }

    /// Ends the operations that were withdrawn before the kernel saw them, with `-ECANCELED`; those that are withdrawn meanwhile
    /// wait for the next turn.
    private int endWithdrawn() {
        clock.beginNext();
        int count = 0;
        for (int left = staging.withdrawn(); left > 0 && !clock.isOver(); left--, count++) {
            completions.end(staging.nextWithdrawn(), -Errno.ECANCELED, 0);
        }
        return count;
    }

    /// True if a turn has something to handle although the ring is closed: a withdrawn operation, or a deadline that is due.
    public boolean hasDueWork() {
        return staging.withdrawn() > 0 || deadlines.isDue();
    }

    /// `callback` has run: the handler of an operation, reported by its `toString`, or other code, reported by its class.
    void ran(Object callback) {
        if (clock.isTiming()) {
            try {
                clock.ran(callback instanceof Operation ? callback::toString : callback.getClass()::getName);
            } catch (Throwable t) {
                fault(t);
            }
        }
    }

    /// Reports what was thrown where no caller can catch it, by user code or for want of memory.
    public void fault(Throwable failure) {
        faults.accept(failure);
    }

    /// Cancels everything in flight; the completions come in later turns. What is staged from now on ends in the next turn with
    /// `-ECANCELED`, until the ring is opened again.
    public void cancelAll() {
        refusing = true;
        for (Operation operation : slots.toArray()) {
            if (operation.endsWithRing()) {
                cancel(operation);
            }
        }
        staging.forEach(operation -> {
            if (operation.endsWithRing()) {
                cancel(operation);
            }
        });
    }

    /// Turns until nothing is in flight, but no longer than until `deadlineNanos`; at the deadline, one more turn does not sleep,
    /// since cancels take no time.
    public void drain(long deadlineNanos) {
        for (long left = Long.MAX_VALUE; left > 0 && busy();) {
            left = Math.max(0, deadlineNanos - kernel.nanoTime());
            turn(left);
        }
    }

    /// False if the ring is closed or closing, so that staged operations end without being submitted.
    public boolean isAccepting() {
        return ring != null && !refusing;
    }

    /// True while an operation is in flight that is not one of the reactor's own.
    public boolean busy() {
        return counters.get(Count.IN_FLIGHT) > 0;
    }

    /// Closes the ring. `wakes` is how often [#wake] was called since the opening, or is about to be.
    ///
    /// If nothing is in flight, all native memory is freed. Else returns false: the operations in flight and all memory are left
    /// to the kernel for good, and their descriptors are closed, so that later calls on them fail.
    public boolean close(int wakes) {
        boolean idle;
        try {
            deadlines.clear();
            end(deadlines.timer());
            end(notifier);
            idle = !busy();
            if (idle) {
                pools.unregister();
            }
        } catch (IllegalStateException broken) {
            idle = false;
        }
        notifier.awaitWakes(wakes);
        closeInternal(notifier.descriptor().fd(), deadlines.timer().descriptor().fd());
        if (idle) {
            free();
        } else {
            leaveAll();
        }
        clock.end();
        return idle;
    }

    private void leaveAll() {
        List<Operation> left = new ArrayList<>();
        for (Operation operation : slots.toArray()) {
            if (!operation.isInternal()) {
                operation.leaveToKernel();
                left.add(operation);
            }
        }
        forget();
        pools.abandon();
        left.forEach(operation -> {
            operation.descriptor().close();
            operation.descriptor().operationEnded();
        });
        left.forEach(Operation::leftToKernel);
    }

    /// Cancels one of the reactor's own operations, and waits for its end.
    void end(Operation internal) {
        cancel(internal);
        while (internal.inFlight()) {
            turn(Long.MAX_VALUE);
        }
    }

    private void free() {
        forget();
        pools.close();
    }

    private void forget() {
        ring.close();
        ring = null;
        completions.clear(); // what is pending belongs to operations that are left to the kernel
        staging.clear();
    }
}
