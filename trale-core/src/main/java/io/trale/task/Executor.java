package io.trale.task;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Kernel;
import io.trale.reactor.Reactor;
import io.trale.reactor.TurnClock;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// One thread, one ring, and the tasks that run on it.
///
/// While there are runnable tasks the executor polls them, first come, first served. When there are none, it enters the
/// kernel once, which submits all that was asked for meanwhile *and* sleeps until something completes; each completion
/// makes its task runnable again. When no task is left, [#run] returns.
///
/// The static methods act on the executor of the current thread, which is made when first needed:
///
/// ```java
/// Executor.spawn(future);
/// Executor.run();
/// ```
///
/// [#start] makes an executor on a thread of its own, for others to hand work to. [#submit], [#execute] and [#close]
/// may be called from any thread; everything else belongs to the executor's own.
public final class Executor implements AutoCloseable {

    /// How many jobs run before the kernel is asked again, so that no chain of tasks starves I/O.
    private static final int JOBS_PER_TURN = 256;

    private static final long FOREVER = Long.MAX_VALUE;

    /// How often a thread that waits for the end looks whether there will be none.
    private static final long EXIT_CHECK_NANOS = 100_000_000;

    private final ExecutorOptions options;
    private final Reactor reactor;
    private final Inbox inbox = new Inbox();
    private final RunQueue runQueue = new RunQueue();
    private final LiveTasks live = new LiveTasks(this::uncaught);
    private final boolean ownsThread;

    private boolean running;
    private volatile boolean closing;
    /// What was accepted still runs, but nothing that follows from it.
    private boolean pastCloseDeadline;
    /// How often a foreign thread was told to ring; see [Reactor#close].
    private int wakes;
    private final Termination termination = new Termination();

    private Executor(Reactor reactor, ExecutorOptions options, boolean ownsThread) {
        this.reactor = reactor;
        this.options = options;
        this.ownsThread = ownsThread;
        reactor.clock().reportSlow(options.slowNanos, options.slow);
        reactor.setOwner(this, this::uncaught);
    }

    // ---- the executor of the current thread

    /// The executor of the current thread; one with default options is made if there is none.
    public static Executor current() {
        Reactor reactor = Reactor.current();
        return reactor.owner() != null ? (Executor) reactor.owner()
                : new Executor(reactor, ExecutorOptions.defaults(), false);
    }

    /// Makes `future` a task of the current thread's executor. It is polled for the first time once that runs.
    public static <T> JoinHandle<T> spawn(Future<T> future) {
        return current().submit(future);
    }

    /// Runs the current thread's executor until none of its tasks is left: at once if there is none.
    public static void run() throws IOException {
        current().runToEnd();
    }

    /// Runs the current thread's executor until `future` is complete, and returns its value. Tasks that are left then
    /// go on with the next run.
    public static <T> T blockOn(Future<T> future) throws Exception {
        current().checkNotRunning();
        return spawn(future).join();
    }

    /// Makes an executor for the current thread, which must have none.
    public static Executor open(ExecutorOptions options) {
        return open(Kernel.real(), options);
    }

    /// As [#open(ExecutorOptions)], on another kernel than the real one. For tests.
    @SuppressWarnings("exports")
    public static Executor open(Kernel kernel, ExecutorOptions options) {
        if (Reactor.isBound()) {
            throw new IllegalStateException("this thread has an executor already");
        }
        Executor executor = new Executor(new Reactor(kernel, options.limits), options, false);
        executor.reactor.bind();
        return executor;
    }

    // ---- executors on a thread of their own

    /// Starts an executor with default options on a new thread called `name`; it runs until [#close].
    public static Executor start(String name) throws IOException {
        return start(name, ExecutorOptions.defaults());
    }

    /// As [#start(String)]. Throws if the ring cannot be had, and says why and what to do.
    public static Executor start(String name, ExecutorOptions options) throws IOException {
        return start(name, Kernel.real(), options);
    }

    /// As [#start(String, ExecutorOptions)], on another kernel than the real one. For tests.
    @SuppressWarnings("exports")
    public static Executor start(String name, Kernel kernel, ExecutorOptions options) throws IOException {
        Executor executor = new Executor(new Reactor(kernel, options.limits), options, true);
        LoopThread.start(name, options.threadFactory, executor.reactor, executor::loop);
        return executor;
    }

    // ---- work

    /// Makes `future` a task of this executor, which owns it from now on. Any thread. Throws
    /// [RejectedExecutionException] once the executor closes.
    public <T> JoinHandle<T> submit(Future<T> future) {
        Task<T> task = new Task<>(this, Objects.requireNonNull(future));
        if (reactor.onLoop()) {
            if (closing) {
                throw rejected();
            }
            live.add(task);
            runQueue.add(task);
        } else {
            execute(() -> {
                live.add(task);
                if (closing) {
                    task.drop(new CancellationException("the executor was closed"));
                } else {
                    task.run();
                }
            });
        }
        return task;
    }

    /// Runs `action` once on this executor's thread, after what is queued already. Any thread. Throws
    /// [RejectedExecutionException] once the executor has closed; accepted actions do run.
    public void execute(Runnable action) {
        Objects.requireNonNull(action);
        Job job = new Job() {
            @Override
            void run() {
                try {
                    action.run();
                } catch (Throwable t) {
                    uncaught(t);
                }
            }

            @Override
            Object code() {
                return action;
            }
        };
        if (!enqueue(job)) {
            throw rejected();
        }
    }

    /// Puts `job` in line. Any thread. Returns false if the executor has closed.
    boolean enqueue(Job job) {
        if (reactor.onLoop()) {
            if (isClosed() || pastCloseDeadline && !(job instanceof Task)) {
                return false;
            }
            runQueue.add(job);
            return true;
        }
        return switch (inbox.offer(job)) {
            case ACCEPTED -> true;
            case RING -> {
                reactor.wake();
                yield true;
            }
            case CLOSED -> false;
        };
    }

    private static RejectedExecutionException rejected() {
        return new RejectedExecutionException("the executor is closed");
    }

    /// Polls `block`, which was cancelled, to its end, unless it never ends; nobody waits for it. Loop thread, also while this
    /// closes.
    void unwind(Block<?> block) {
        Task<Void> task = new Task<>(this, new Future<>() {
            @Override
            public boolean poll(Waker waker) {
                return block.poll(waker) || block.isLeftToExit();
            }

            @Override
            public Void result() {
                block.unwound();
                return null;
            }
        });
        live.add(task);
        runQueue.add(task);
    }

    /// A task came to its end, by a failure that nobody waits for or in any other way.
    void ended(Task<?> task, boolean unjoined) {
        live.ended(task, unjoined);
    }

    /// Reports a failure that nobody else learns of. Loop thread.
    void uncaught(Throwable failure) {
        try {
            options.uncaught.accept(failure);
        } catch (Throwable worse) {
            worse.addSuppressed(failure);
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, worse);
        }
    }

    // ---- the loop

    /// Runs until no task is left, then closes the ring; it is opened again when needed.
    public void runToEnd() throws IOException {
        runUntil(this::isIdle);
    }

    private boolean isIdle() {
        return live.isEmpty() && runQueue.isEmpty() && inbox.isEmpty();
    }

    /// One bounded step that never sleeps: runs some of what is runnable, submits, takes what has completed. Returns
    /// true while tasks are left. For embedding in another loop; [#runToEnd] is made of the same steps.
    public boolean turn() throws IOException {
        if (beginRun()) {
            try {
                runJobs();
                park(0);
            } finally {
                endRun();
            }
        }
        return !live.isEmpty();
    }

    private void runUntil(BooleanSupplier done) throws IOException {
        if (!beginRun()) {
            return;
        }
        try {
            runJobs();
            while (!closing && !done.getAsBoolean()) {
                park(FOREVER);
                runJobs();
            }
        } finally {
            endRun();
        }
    }

    /// Returns false if there is nothing to run, for which no ring is needed.
    private boolean beginRun() throws ErrnoException {
        if (isClosed()) {
            throw rejected();
        }
        reactor.checkThread();
        if (ownsThread || running) {
            throw new IllegalStateException(running ? "the executor runs already" : "the executor has its own thread");
        }
        if (isIdle()) {
            return false;
        }
        running = true; // for wakers that the opening calls as well: one may close the executor
        try {
            if (!reactor.isOpen()) {
                reactor.open();
            }
        } finally {
            running = reactor.isOpen();
        }
        reactor.clock().begin();
        return true;
    }

    private void endRun() {
        running = false;
        reactor.clock().end();
        if (closing) {
            shutdown();
        } else if (live.isEmpty() && runQueue.isEmpty()) {
            closeRing(); // what is in flight now belongs to nobody
        }
    }

    /// The life of an executor with its own thread.
    private void loop() {
        running = true;
        reactor.clock().begin();
        try {
            runJobs();
            while (!closing) {
                park(FOREVER);
                runJobs();
            }
        } finally {
            shutdown();
            reactor.unbind();
        }
    }

    /// Runs a bounded number of jobs, for a bounded time.
    void runJobs() {
        inbox.drainTo(runQueue);
        TurnClock clock = reactor.clock();
        clock.beginJobs();
        int left = JOBS_PER_TURN;
        for (Job job; left > 0 && !clock.isOver() && (job = runQueue.poll()) != null; left--) {
            if (clock.isTiming()) {
                runTimed(job, clock);
            } else {
                job.run();
            }
        }
        live.reportUnjoined();
    }

    private void runTimed(Job job, TurnClock clock) {
        Object code = job.code(); // before: a task that has ended does not keep it
        job.run();
        try {
            clock.ran(code);
        } catch (Throwable t) {
            uncaught(t);
        }
    }

    /// Hands the kernel what the jobs asked for, sleeps if there is nothing to run, and takes what has completed.
    private void park(long sleepNanos) {
        boolean asleep = sleepNanos > 0 && runQueue.isEmpty() && inbox.sleep();
        try {
            reactor.turn(asleep ? sleepNanos : 0);
        } finally {
            if (asleep && inbox.awake()) {
                wakes++;
            }
        }
    }

    private void checkNotRunning() {
        if (running) {
            throw new IllegalStateException("this would block the executor that runs on this thread; poll the handle instead");
        }
    }

    /// Blocks until `task` has ended; see [JoinHandle#join].
    <T> T join(Task<T> task) throws Exception {
        Executor here = Reactor.isBound() ? current() : null;
        if (here != null) {
            here.checkNotRunning();
        }
        if (here == this) {
            if (!task.poll(() -> {})) {
                runUntil(task::isDone);
            }
            if (!task.isDone()) {
                throw rejected();
            }
            return task.result();
        }
        Thread thread = Thread.currentThread();
        Waker waker = () -> LockSupport.unpark(thread);
        while (!task.poll(waker)) {
            LockSupport.park(task);
            if (Thread.interrupted()) {
                task.cancel();
                throw new InterruptedException();
            }
        }
        return task.result();
    }

    // ---- the end

    /// Ends the executor: takes no more work, cancels its tasks, ends what is in flight, frees everything. Idempotent.
    /// From another thread this waits for the end, at most as long as the options say, and a second more; from the
    /// executor's own thread while it runs, it returns at once and the end follows: see [#onClose]. In a shutdown hook
    /// it does not wait if the executor's thread, or a block of it, has called [System#exit], since that waits for the hook.
    @Override
    public void close() {
        if (reactor.onLoop()) {
            closing = true;
            if (!running && !isClosed()) {
                shutdown();
            }
            return;
        }
        enqueue(new Job() {
            @Override
            void run() {
                closing = true;
            }
        });
        long left = options.closeTimeoutNanos + TimeUnit.SECONDS.toNanos(1);
        while (left > 0 && !reactor.isExiting() && !termination.await(Math.min(left, EXIT_CHECK_NANOS))) {
            left -= EXIT_CHECK_NANOS;
        }
    }

    /// True when the executor has closed, and takes no more work. Any thread.
    public boolean isClosed() {
        return termination.isDone();
    }

    /// Runs `action` when the executor has closed: at once if it has already, else on its thread. Any thread.
    public void onClose(Runnable action) {
        termination.then(action);
    }

    private void shutdown() {
        long deadline = reactor.kernel().nanoTime() + options.closeTimeoutNanos;
        closing = true; // a ring that broke was not closed, and takes no more work either
        running = true; // whoever closes from inside finds the end under way
        live.dropAll();
        if (reactor.isOpen()) {
            closeRing();
        }
        inbox.close(runQueue);
        int grace = JOBS_PER_TURN;
        do { // what came too late for the ring still runs, and sees it closed
            for (Job job = runQueue.poll(); job != null; job = runQueue.poll()) {
                pastCloseDeadline = left(deadline) == 0 && grace-- <= 0;
                if (!(pastCloseDeadline && job instanceof Task)) { // a block that was cancelled may go on for ever
                    job.run();
                }
            }
        } while (reactor.turn(0) > 0);
        live.reportUnjoined();
        running = false;
        if (!ownsThread) {
            reactor.unbind();
        }
        termination.signal(this::uncaught);
    }

    /// Ends what is in flight, or, when the time is up, leaves its memory to the kernel; then frees the ring.
    private void closeRing() {
        long deadline = reactor.kernel().nanoTime() + options.closeTimeoutNanos;
        try {
            if (closing) { // else new work waits for the next run, since this ring will refuse it
                runJobs();
                for (long left = options.closeTimeoutNanos; !live.isEmpty() && left > 0; left = left(deadline)) {
                    park(left); // blocks that were cancelled unwind
                    runJobs();
                }
            }
            reactor.cancelAll();
            for (long left = 1; left > 0 && (reactor.busy() || closing && !runQueue.isEmpty());) {
                left = left(deadline); // once more when there is none, since cancels take no time
                if (closing) {
                    park(left);
                    runJobs();
                } else {
                    reactor.turn(left);
                }
            }
        } catch (IllegalStateException broken) {
            uncaught(broken);
        }
        if (!reactor.close(wakes)) {
            System.getLogger("io.trale").log(System.Logger.Level.WARNING,
                    "closed with operations in flight: their memory is left to the kernel");
        }
        wakes = 0;
    }

    private long left(long deadline) {
        return Math.max(0, deadline - reactor.kernel().nanoTime());
    }

    // ---- seen from outside

    /// What the executor has done so far. Any thread; the numbers may be a little old.
    public Stats stats() {
        return Stats.of(reactor.counters());
    }

    /// The reactor under this executor. For trale-reactive and tests.
    @SuppressWarnings("exports")
    public Reactor reactor() {
        return reactor;
    }
}
