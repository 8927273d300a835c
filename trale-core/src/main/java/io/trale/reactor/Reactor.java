package io.trale.reactor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.reactor.Counters.Count;
import io.trale.uring.Ring;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// Everything in flight on one thread's ring: stages operations, enters the kernel, hands out completions.
///
/// A turn is [#turn]: what was staged is written into the submission queue, one `io_uring_enter(2)` submits it and
/// sleeps if it may, the completions are copied out, and only then each is handled. So handlers, and the user code they
/// call, may stage, cancel and close as they like: nothing of the queues is open while they run.
///
/// The object outlives its ring: [#open] and [#close] may alternate, and descriptors stay valid in between. All methods
/// are for the loop thread, but for [#wake], [#counters] and [#onLoop].
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

    /// The reactor of the current thread; one with default limits is made if there is none.
    public static Reactor current() {
        return CurrentReactor.get();
    }

    /// True if the current thread has a reactor.
    public static boolean isBound() {
        return CurrentReactor.isSet();
    }

    /// Makes the current thread the loop thread and this its [#current].
    public void bind() {
        thread = Thread.currentThread();
        CurrentReactor.set(this);
    }

    /// Undoes [#bind], for good: no thread is the loop thread from now on.
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
        return isExiting(thread) || isExiting(blockThread); // a caller that repeats this sees the present block at last
    }

    /// True if `thread`, which may be null, is inside [Runtime#exit], which never returns: it waits for the shutdown hooks. Any
    /// thread.
    public static boolean isExiting(Thread thread) {
        return thread != null && Arrays.stream(thread.getStackTrace()).anyMatch(Reactor::isExit);
    }

    private static boolean isExit(StackTraceElement frame) {
        return frame.getClassName().equals("java.lang.Runtime") && frame.getMethodName().equals("exit");
    }

    /// The loop runs the code of a block, whose virtual thread is `thread`, until [#leaveBlock] with the value returned here.
    public Thread enterBlock(Thread thread) {
        Thread before = blockThread;
        blockThread = thread;
        return before;
    }

    /// Undoes [#enterBlock].
    public void leaveBlock(Thread before) {
        blockThread = before;
    }

    /// Throws [WrongThreadException] unless on the loop thread, and [IllegalStateException] if there is none any more.
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

    /// Says which executor this reactor works for, and where failures go that nobody else can take.
    public void setOwner(Object owner, Consumer<Throwable> faults) {
        this.owner = owner;
        this.faults = faults;
    }

    /// Says who is told of memory that is lent to operations, before the ring is opened. For tests.
    public void setMemoryListener(MemoryListener listener) {
        memoryListener = listener;
    }

    /// Whom to tell of memory that an operation names, and that no pool of ours lends it.
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

    /// The time that turns take.
    public TurnClock clock() {
        return clock;
    }

    /// Opens the ring, for the current thread alone, which must be the loop thread and a platform thread: the kernel
    /// knows no virtual ones, and lets no thread that one may move to enter this ring.
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
        counters.add(Count.IN_FLIGHT, staging.withdrawn() - counters.get(Count.IN_FLIGHT)); // but for those left behind
        pools = new Pools(this, ring, arena, limits, staging);
        int eventfd = kernel.eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK);
        if (eventfd < 0) {
            free();
            throw Failure.of("eventfd", -eventfd);
        }
        try {
            deadlines.open(arena);
        } catch (ErrnoException e) {
            kernel.close(eventfd);
            free();
            throw e;
        }
        notifier = new Notifier(new Descriptor(this, eventfd));
        stage(notifier);
        try {
            probeNotifier();
        } catch (IllegalStateException e) { // a kernel that has io_uring_setup, but not the rest
            kernel.close(eventfd);
            kernel.close(deadlines.timer().descriptor().fd());
            free();
            throw e;
        }
    }

    /// Two writes must post two completions, although nobody reads in between.
    private void probeNotifier() {
        turn(0);
        for (int writes = 1; writes <= 2; writes++) {
            kernel.write8(notifier.descriptor().fd(), 1);
            enter(0, 0);
            takeCompletions();
            handleCompletions();
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

    /// True if wake-ups come by one multishot poll, false if by an operation that is armed anew for each.
    public boolean wakesByMultishot() {
        return notifier.multishot();
    }

    /// Makes [#turn] return if it sleeps or is about to. Any thread; costs a system call.
    public void wake() {
        notifier.ring();
    }

    /// The native memory that operations borrow, while this is open.
    public Pools pools() {
        return pools;
    }

    /// The moments at which something is to happen.
    public Deadlines deadlines() {
        return deadlines;
    }

    /// Puts `operation` in line for the next enter. No system call.
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

    /// Asks for the end of `operation`; nothing happens if it is idle or was asked before. Its completion still comes,
    /// and may bring `-ECANCELED`, an error, a part of what was wanted, or all of it.
    public void cancel(Operation operation) {
        if (operation.inFlight() && !operation.cancelling) {
            operation.cancelling = true;
            counters.add(Count.CANCELS, 1);
            staging.cancel(operation);
        }
    }

    /// One turn of a loop without jobs; [#submit] describes the sleep. Returns how many completions and deadlines were
    /// handled, which may be 0 (`EINTR`): then call again.
    ///
    /// An executor performs the same steps, and its jobs: see `Loop` in `io.trale.task`.
    public int turn(long sleepNanos) {
        submit(sleepNanos);
        clock.begin();
        takeCompletions();
        return handleCompletions() + endWithdrawn() + deadlines.run();
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
                    + " completions, for want of memory for its overflow list: their operations never end");
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

    /// Copies completions out of the ring, at most [Limits#completionsPerTurn], unless some of the last turn are left.
    public void takeCompletions() {
        if (ring != null) {
            completions.take(ring.completions);
        }
    }

    /// Calls the handlers of the completions that were taken, while the turn has time. Returns how many were handled.
    public int handleCompletions() {
        return completions.handle(slots);
    }

    /// Ends the operations that were withdrawn before the kernel saw them, with `-ECANCELED`, while the turn has time; those
    /// that are withdrawn meanwhile wait for the next turn. Returns how many.
    public int endWithdrawn() {
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

    /// The code of `callback` has run.
    void ran(Object callback) {
        if (clock.isTiming()) {
            try {
                clock.ran(callback);
            } catch (Throwable t) {
                fault(t);
            }
        }
    }

    /// Reports what user code threw where nobody can catch it.
    void fault(Throwable failure) {
        faults.accept(failure);
    }

    /// Cancels everything in flight; the completions come by [#turn]. What is staged from now on ends at once with
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

    /// False when the ring is closed or about to be, and what is staged ends at once.
    public boolean isAccepting() {
        return ring != null && !refusing;
    }

    /// True while an operation but the notifier is in flight.
    public boolean busy() {
        return counters.get(Count.IN_FLIGHT) > 0;
    }

    /// Frees the ring and all native memory, once nothing is in flight. `wakes` is how often [#wake] was or is about
    /// to be called in all. If something is in flight all the same, false is returned: those operations are left to the kernel
    /// for ever, with their memory, and their descriptors are closed, so that what is asked of them later fails.
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
        notifier.awaitRings(wakes);
        kernel.close(notifier.descriptor().fd());
        kernel.close(deadlines.timer().descriptor().fd());
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

    /// Ends one of the reactor's own operations: returns when it is idle.
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
