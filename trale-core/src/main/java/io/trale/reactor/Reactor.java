package io.trale.reactor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Memory;
import io.trale.linux.Net;
import io.trale.reactor.Counters.Count;
import io.trale.uring.Abi;
import io.trale.uring.CompletionQueue;
import io.trale.uring.Ring;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Everything in flight on one thread's ring: stages operations, enters the kernel, hands out completions.
///
/// A turn is [#poll]: what was staged is written into the submission queue, one `io_uring_enter(2)` submits it and
/// sleeps if it may, the completions are copied out, and only then each is handled. So handlers, and the user code they
/// call, may stage, cancel and close as they like: nothing of the queues is open while they run.
///
/// The object outlives its ring: [#open] and [#close] may alternate, and descriptors stay valid in between. All methods
/// are for the loop thread, but for [#wake], [#counters] and [#onLoop].
public final class Reactor {

    /// The `user_data` of cancels, which no slot has.
    private static final long CANCEL = -1;

    private static final ThreadLocal<Reactor> CURRENT = new ThreadLocal<>();

    /// What runs on threads that are not the loops'. A map, since a guest that is parked stays in memory with all that
    /// its thread holds: some 40 bytes here, against 140 of a thread local and 300 of a scoped value.
    private static final Map<Thread, Guest> GUESTS = new ConcurrentHashMap<>();

    private final Kernel kernel;
    private final Limits limits;
    private final Counters counters = new Counters();
    private final Deadlines deadlines = new Deadlines(this);
    private Slots slots = new Slots();
    private final long[] batch;

    private final StagingQueue plain = new StagingQueue();
    /// In the order in which they are submitted. Receives come last, so that the answer to what is sent may be there when
    /// they are: then they complete at once, which is cheaper than to wait.
    private final List<StagingQueue> queues = new ArrayList<>();
    private final ArrayDeque<Operation> cancels = new ArrayDeque<>();
    /// Ended before the kernel saw them.
    private final ArrayDeque<Operation> withdrawn = new ArrayDeque<>();
    /// Something that is cancelled stands in a queue.
    private boolean withdrawing;

    private Object owner;
    private Consumer<Throwable> faults = failure -> { };
    private MemoryListener memoryListener = MemoryListener.NONE;
    private Thread thread = Thread.currentThread();
    private Thread guestThread;
    private Arena arena;
    private Ring ring;
    private boolean refusing;
    private volatile Notifier notifier;
    private final List<BufferGroup> groups = new ArrayList<>();
    private BufferGroup receiveGroup;
    private BufferGroup leaseGroup;
    private BlockPool sendBlocks;
    private BlockPool fileBlocks;
    private ScratchPool scratch;
    private ScratchPool paths;

    /// A reactor on `kernel` for the current thread, not open yet.
    public Reactor(Kernel kernel, Limits limits) {
        this.kernel = kernel;
        this.limits = limits;
        batch = new long[2 * limits.completionsPerTurn()];
    }

    /// The reactor of the current thread; one with default limits is made if there is none.
    public static Reactor current() {
        Guest guest = guest();
        if (guest != null) {
            return guest.reactor();
        }
        Reactor reactor = CURRENT.get();
        if (reactor == null) {
            reactor = new Reactor(Kernel.real(), Limits.DEFAULT);
            reactor.bind();
        }
        return reactor;
    }

    /// True if the current thread has a reactor.
    public static boolean isBound() {
        return guest() != null || CURRENT.get() != null;
    }

    /// Makes the current thread the loop thread and this its [#current].
    public void bind() {
        thread = Thread.currentThread();
        CURRENT.set(this);
    }

    /// Undoes [#bind].
    public void unbind() {
        CURRENT.remove();
    }

    /// The guest whose code calls this, or null.
    public static Guest guest() {
        Thread thread = Thread.currentThread();
        return thread.isVirtual() ? GUESTS.get(thread) : null;
    }

    /// Makes `guest` that of the current thread, which is a virtual one, and its reactor the thread's [#current].
    public static void enter(Guest guest) {
        GUESTS.put(Thread.currentThread(), guest);
    }

    /// Undoes [#enter].
    public static void leave() {
        GUESTS.remove(Thread.currentThread());
    }

    /// True on the loop thread, and in the code of a guest while the loop runs it. Any thread.
    public boolean onLoop() {
        Thread current = Thread.currentThread();
        return current == thread || current == guestThread; // others may see an old one here, but never themselves
    }

    /// From now on the code that runs on the loop has `thread` for its current one. Returns what to put back after.
    public Thread beginGuest(Thread thread) {
        Thread before = guestThread;
        guestThread = thread;
        return before;
    }

    /// Undoes [#beginGuest].
    public void endGuest(Thread before) {
        guestThread = before;
    }

    /// Throws [WrongThreadException] unless on the loop thread.
    public void checkThread() {
        if (!onLoop()) {
            throw new WrongThreadException("belongs to " + thread + ", called on " + Thread.currentThread());
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
        slots = new Slots(); // what the last ring may have left behind does not complete here
        long ending = withdrawn.stream().filter(operation -> !operation.isInternal()).count(); // staged with no ring
        counters.add(Count.IN_FLIGHT, ending - counters.get(Count.IN_FLIGHT));
        queues.add(plain);
        scratch = new ScratchPool(this, arena, ScratchPool.SMALL_BYTES);
        paths = new ScratchPool(this, arena, ScratchPool.PATH_BYTES);
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
        poll(0);
        for (int writes = 1; writes <= 2; writes++) {
            kernel.write8(notifier.descriptor().fd(), 1);
            enter(0, 0);
            dispatch();
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

    /// Makes [#poll] return if it sleeps or is about to. Any thread; costs a system call.
    public void wake() {
        notifier.ring();
    }

    /// The default group of receive buffers: each is lent within one turn only. Throws [IllegalStateException] when the
    /// kernel has no memory for it.
    public BufferGroup receiveGroup() {
        if (receiveGroup == null) {
            receiveGroup = openGroup(0, limits.receiveBuffers(), limits.receiveBufferBytes());
        }
        return receiveGroup;
    }

    /// The group of buffers that may be lent for longer than a turn, to whom it concerns alone: when all are, nobody
    /// waits but receives of this group. Throws as [#receiveGroup] does.
    public BufferGroup leaseGroup() {
        if (leaseGroup == null) {
            leaseGroup = openGroup(1, limits.leaseBuffers(), limits.leaseBufferBytes());
        }
        return leaseGroup;
    }

    private BufferGroup openGroup(int id, int count, int bytes) {
        BufferGroup group = BufferGroup.open(this, ring, id, count, bytes);
        groups.add(group);
        queues.add(group);
        return group;
    }

    /// The blocks that sends are copied into.
    public BlockPool sendBlocks() {
        if (sendBlocks == null) {
            sendBlocks = openBlocks(limits.sendBlocks(), limits.sendBlockBytes());
        }
        return sendBlocks;
    }

    /// The blocks that files are read into and written from: not those of sends, since a pipe, or a device, may keep one for
    /// as long as it likes.
    public BlockPool fileBlocks() {
        if (fileBlocks == null) {
            fileBlocks = openBlocks(limits.fileBlocks(), limits.fileBlockBytes());
        }
        return fileBlocks;
    }

    private BlockPool openBlocks(int count, int bytes) {
        BlockPool pool = new BlockPool(this, Memory.pieces(kernel, arena, count, bytes), bytes);
        queues.add(1, pool); // before all receives: see #queues
        return pool;
    }

    /// The moments at which something is to happen.
    public Deadlines deadlines() {
        return deadlines;
    }

    /// Memory for the arguments of operations.
    public ScratchPool scratch() {
        return scratch;
    }

    /// Memory for paths.
    public ScratchPool paths() {
        return paths;
    }

    /// Puts `operation` in line for the next enter. No system call.
    public void stage(Operation operation) {
        stage(operation, plain);
    }

    void stage(Operation operation, StagingQueue queue) {
        operation.staged();
        if (!operation.isInternal()) {
            counters.add(Count.IN_FLIGHT, 1);
        }
        if (isOpen() && (!refusing || operation.isInternal())) {
            queue.add(operation);
        } else {
            withdrawn.add(operation);
        }
    }

    /// Asks for the end of `operation`; nothing happens if it is idle or was asked before. Its completion still comes,
    /// and may bring `-ECANCELED`, an error, a part of what was wanted, or all of it.
    public void cancel(Operation operation) {
        if (operation.inFlight() && !operation.cancelling) {
            operation.cancelling = true;
            counters.add(Count.CANCELS, 1);
            if (operation.submitted()) {
                cancels.add(operation);
            } else {
                withdrawing = true; // the kernel will never see it
            }
        }
    }

    /// One turn: submits what is staged, sleeps until a completion but at most `sleepNanos` (0: not at all;
    /// `Long.MAX_VALUE`: as long as it takes), handles what completed. Returns how many completions that were. It may
    /// be none although there was time (`EINTR`), and then the caller simply comes again.
    public int poll(long sleepNanos) {
        boolean maySleep = sleepNanos > 0 && ring != null && deadlines.arm();
        boolean more = ring != null;
        while (more) {
            more = fillQueue();
            boolean sleep = maySleep && !more && withdrawn.isEmpty() && ring.completions.ready() == 0 && !unsettled();
            if (sleep || ring.submissions.pending() > 0 || ring.submissions.workPending()) {
                if (!enter(sleep ? 1 : 0, sleepNanos)) {
                    break; // the kernel takes no more just now: handle what there is
                }
            }
        }
        return dispatch() + deadlines.run();
    }

    private boolean unsettled() {
        for (int i = 0; i < queues.size(); i++) {
            if (queues.get(i).unsettled()) {
                return true;
            }
        }
        return false;
    }

    /// Writes entries while there is room and something may go. Returns true if something is left that may go.
    private boolean fillQueue() {
        Operation cancelled;
        while (ring.submissions.free() > 0 && (cancelled = cancels.pollFirst()) != null) {
            if (cancelled.submitted() && cancelled.cancelling) { // else it ended meanwhile
                Sqe sqe = ring.submissions.next();
                sqe.prepCancel(cancelled.userData);
                sqe.userData(CANCEL);
            }
        }
        if (withdrawing) { // from anywhere in line: one that is cancelled waits for no budget
            withdrawing = false;
            for (int i = 0; i < queues.size(); i++) {
                queues.get(i).withdrawTo(withdrawn);
            }
        }
        boolean left = !cancels.isEmpty();
        for (int i = 0; i < queues.size(); i++) {
            StagingQueue queue = queues.get(i);
            while (queue.ready() && ring.submissions.free() > 0) {
                admit(queue);
            }
            left |= queue.ready();
        }
        return left;
    }

    private void admit(StagingQueue queue) {
        Operation operation = queue.next();
        Sqe sqe = ring.submissions.next();
        try {
            operation.fill(sqe);
        } catch (Throwable t) { // the entry is counted already: it must not go out as it is
            sqe.prepNop();
            sqe.userData(CANCEL);
            withdrawn.add(operation);
            fault(t);
            return;
        }
        operation.submitted(slots.put(operation));
        sqe.userData(operation.userData);
        queue.admitted();
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
            case Errno.EINTR, Errno.ETIME -> { } // woken with nothing done: ordinary
            case Errno.EAGAIN, Errno.EBUSY, Errno.ENOMEM -> { } // short of memory, or completions must be taken first
            default -> throw new IllegalStateException("io_uring_enter: " + Errno.describe(-result));
        }
        return toSubmit == 0;
    }

    private int dispatch() {
        int count = ring == null ? 0 : ring.completions.drain(batch);
        counters.add(Count.COMPLETED, count);
        for (int i = 0; i < count; i++) {
            long userData = batch[2 * i];
            if (userData != CANCEL) { // a cancel's answer, 0 or ENOENT or EALREADY, proves nothing
                dispatch(userData, CompletionQueue.result(batch[2 * i + 1]), CompletionQueue.flags(batch[2 * i + 1]));
            }
        }
        for (int left = withdrawn.size(); left > 0; left--, count++) { // not what the handlers withdraw meanwhile
            end(withdrawn.removeFirst(), -Errno.ECANCELED, 0);
        }
        if (ring != null && ring.submissions.pending() == 0 && ring.completions.ready() == 0
                && !ring.submissions.completionsOverflowed()) {
            for (int i = 0; i < queues.size(); i++) {
                queues.get(i).settled();
            }
        }
        return count;
    }

    private void dispatch(long userData, int result, int flags) {
        Operation operation = slots.get(userData);
        if (operation == null) {
            counters.add(Count.UNKNOWN, 1);
        } else if ((flags & Abi.IORING_CQE_F_MORE) != 0) {
            complete(operation, result, flags);
        } else {
            slots.remove(userData);
            end(operation, result, flags);
        }
    }

    private void end(Operation operation, int result, int flags) {
        if (!operation.isInternal()) {
            counters.add(Count.IN_FLIGHT, -1);
        }
        operation.ended();
        complete(operation, result, flags);
        operation.descriptor().settle();
    }

    /// A handler that throws breaks its own promise, and nobody else's completion.
    private void complete(Operation operation, int result, int flags) {
        try {
            operation.complete(result, flags);
        } catch (Throwable t) {
            fault(t);
        }
    }

    /// Reports what user code threw where nobody can catch it.
    void fault(Throwable failure) {
        faults.accept(failure);
    }

    /// Cancels everything in flight; the completions come by [#poll]. What is staged from now on ends at once with
    /// `-ECANCELED`, until the ring is opened again.
    public void cancelAll() {
        refusing = true;
        for (Operation operation : slots.toArray()) {
            if (!operation.isInternal()) {
                cancel(operation);
            }
        }
        for (StagingQueue queue : queues) {
            queue.forEach(operation -> {
                if (!operation.isInternal()) {
                    cancel(operation);
                }
            });
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
    /// to be called in all. If something is in flight all the same, the memory that the kernel may still write to is
    /// left to it for ever, and false returned.
    public boolean close(int wakes) {
        boolean idle;
        try {
            deadlines.clear();
            end(deadlines.timer());
            end(notifier);
            idle = !busy();
            if (idle) {
                groups.forEach(BufferGroup::unregister);
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
            forget();
            groups.forEach(BufferGroup::abandon);
            groups.clear();
        }
        return idle;
    }

    /// Ends one of the reactor's own operations: returns when it is idle.
    void end(Operation internal) {
        cancel(internal);
        while (internal.inFlight()) {
            poll(Long.MAX_VALUE);
        }
    }

    private void free() {
        forget();
        arena.close();
        groups.forEach(BufferGroup::close);
        groups.clear();
    }

    private void forget() {
        ring.close();
        ring = null;
        receiveGroup = null;
        leaseGroup = null;
        sendBlocks = null;
        fileBlocks = null;
        queues.clear();
    }
}
