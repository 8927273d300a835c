package io.trale.task;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Kernel;
import io.trale.reactor.Reactor;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Runs tasks on one thread with one ring.
///
/// The executor polls runnable tasks in the order in which they were woken. If there are none, it enters the kernel once,
/// which submits all new operations *and* sleeps until one completes; the completion wakes its task. When no task is left,
/// [#run] returns. The turn itself is in `Loop`.
///
/// The static methods act on the executor of the current thread, which is created when first needed:
///
/// ```java
/// Executor.spawn(future);
/// Executor.run();
/// ```
///
/// [#start] makes an executor with a thread of its own, for work from other threads. [#submit], [#execute], [#onClose],
/// [#isClosed], [#stats] and [#close] may be called from any thread, the other methods from the executor's thread only.
public final class Executor implements AutoCloseable {

    /// How often a thread that waits in [#close] checks for [System#exit].
    private static final long EXIT_CHECK_NANOS = 100_000_000;

    /// The life of an executor. Only the loop thread reads the state and moves it on, in this order; but RUNNING goes back to
    /// IDLE as well, and IDLE may go to CLOSING.
    private enum State {
        /// The thread is outside of the loop. The ring is open only if tasks are left.
        IDLE,
        /// The thread is in the loop, or opens or closes the ring for it.
        RUNNING,
        /// [#close] was called, or the ring is broken. Jobs are accepted and run; new tasks are refused. Once the loop has
        /// returned, live tasks are cancelled, and then the operations in flight.
        CLOSING,
        /// The ring and the inbox are closed, and the close deadline has passed or nothing is left to do. Queued jobs run once
        /// more, but for tasks; new jobs are refused.
        DRAINING,
        /// Nothing runs any more.
        CLOSED
    }

    private final ExecutorOptions options;
    private final Reactor reactor;
    final LiveTasks live = new LiveTasks(this::uncaught);
    final Loop loop;
    private final boolean ownsThread;
    private State state = State.IDLE;
    private final Termination termination = new Termination();

    private Executor(Reactor reactor, ExecutorOptions options, boolean ownsThread) {
        this.reactor = reactor;
        this.options = options;
        this.ownsThread = ownsThread;
        loop = new Loop(reactor, live, this::uncaught);
        reactor.clock().reportSlow(options.slowNanos, options.slow);
        reactor.setOwner(this, this::uncaught);
    }

    // ---- the executor of the current thread

    /// The executor of the current thread; created with default options if there is none.
    public static Executor current() {
        Reactor reactor = Reactor.current();
        return reactor.owner() != null ? (Executor) reactor.owner()
                : new Executor(reactor, ExecutorOptions.defaults(), false);
    }

    /// Makes `future` a task of the current thread's executor, which polls it once it runs.
    public static <T> JoinHandle<T> spawn(Future<T> future) {
        return current().submit(future);
    }

    /// Runs the current thread's executor until none of its tasks is left. Returns at once if there is none.
    public static void run() throws IOException {
        current().runToEnd();
    }

    /// Runs the current thread's executor until `future` is complete, and returns its value. Other tasks that are left continue
    /// with the next run.
    public static <T> T blockOn(Future<T> future) throws Exception {
        current().checkNotRunning();
        return spawn(future).join();
    }

    /// Creates an executor for the current thread, which must have none.
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

    /// As [#start(String)]. Throws if the ring cannot be created; the message names the reason and the remedy.
    public static Executor start(String name, ExecutorOptions options) throws IOException {
        return start(name, Kernel.real(), options);
    }

    /// As [#start(String, ExecutorOptions)], on another kernel than the real one. For tests.
    @SuppressWarnings("exports")
    public static Executor start(String name, Kernel kernel, ExecutorOptions options) throws IOException {
        Executor executor = new Executor(new Reactor(kernel, options.limits), options, true);
        LoopThread.start(name, options.threadFactory, executor.reactor, executor::runOwnThread);
        return executor;
    }

    // ---- work

    /// Makes `future` a task of this executor, which owns it from now on. Any thread. Throws
    /// [RejectedExecutionException] once the executor closes.
    public <T> JoinHandle<T> submit(Future<T> future) {
        Task<T> task = new Task<>(this, Objects.requireNonNull(future));
        if (reactor.onLoop()) {
            if (isClosing()) {
                throw rejected();
            }
            add(task);
        } else {
            execute(() -> {
                live.add(task);
                if (isClosing()) {
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

    /// Queues `job`. Any thread. Returns false if the executor accepts no more jobs.
    boolean enqueue(Job job) {
        if (reactor.onLoop()) {
            if (state.compareTo(State.DRAINING) >= 0) {
                return false;
            }
            loop.add(job);
            return true;
        }
        return loop.offer(job);
    }

    private static RejectedExecutionException rejected() {
        return new RejectedExecutionException("the executor is closed");
    }

    /// Polls `block`, which was cancelled, to its end if it has one. Loop thread, also while the executor closes.
    void unwind(Block<?> block) {
        add(new Task<>(this, block.unwinding()));
    }

    private void add(Task<?> task) {
        live.add(task);
        loop.add(task);
    }

    /// Reports a failure that no caller can catch. Loop thread.
    void uncaught(Throwable failure) {
        try {
            options.uncaught.accept(failure);
        } catch (Throwable worse) {
            worse.addSuppressed(failure);
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, worse);
        }
    }

    // ---- running

    /// Runs until no task is left, then closes the ring, which the next run opens again.
    public void runToEnd() throws IOException {
        runUntil(this::isIdle);
    }

    private boolean isIdle() {
        return live.isEmpty() && loop.isIdle();
    }

    /// Runs one bounded turn that never sleeps: runs jobs, submits, handles completions. Returns true while tasks are left.
    /// For embedding in another loop; [#runToEnd] consists of the same steps.
    public boolean turn() throws IOException {
        if (enter()) {
            try {
                loop.turn();
            } finally {
                leave();
            }
        }
        return !live.isEmpty();
    }

    private void runUntil(BooleanSupplier done) throws IOException {
        if (enter()) {
            try {
                loop.runWhile(() -> state == State.RUNNING && !done.getAsBoolean(), Loop.FOREVER);
            } finally {
                leave();
            }
        }
    }

    /// The life of an executor with its own thread.
    private void runOwnThread() {
        move(State.IDLE, State.RUNNING);
        try {
            loop.runWhile(() -> state == State.RUNNING, Loop.FOREVER);
        } finally {
            shutdown();
            reactor.unbind();
        }
    }

    /// Enters the loop, with the ring open. Returns false if there is nothing to run, which needs no ring.
    private boolean enter() throws ErrnoException {
        if (isClosed()) {
            throw rejected();
        }
        reactor.checkThread();
        if (state != State.IDLE) {
            throw new IllegalStateException("the executor runs already");
        }
        if (isIdle()) {
            return false;
        }
        move(State.IDLE, State.RUNNING); // before the opening, which may call wakers, and those may close the executor
        try {
            if (!reactor.isOpen()) {
                reactor.open();
            }
        } finally {
            if (!reactor.isOpen()) {
                leave();
            }
        }
        return true;
    }

    /// Leaves the loop. Closes the ring if no task is left: the operations in flight then belong to no one.
    private void leave() {
        reactor.clock().end();
        if (state == State.RUNNING && reactor.isOpen() && live.isEmpty() && !loop.hasJobs()) {
            closeIdleRing();
        }
        if (state == State.RUNNING) {
            move(State.RUNNING, State.IDLE);
        } else {
            shutdown();
        }
    }

    /// Ends what is in flight, within the close timeout. Runs no jobs: this ring would refuse their operations, the next will not.
    private void closeIdleRing() {
        try {
            reactor.cancelAll();
            reactor.drain(closeDeadline());
        } catch (IllegalStateException broken) {
            uncaught(broken);
        }
        freeRing();
    }

    private void checkNotRunning() {
        if (state != State.IDLE && state != State.CLOSED) {
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

    /// Closes the executor: refuses new work, cancels the tasks, ends the operations in flight, frees all memory. Idempotent.
    ///
    /// On another thread, this waits until the executor has closed, at most for the close timeout of the options and a second
    /// more. On the executor's own thread while it runs, this returns at once, and the close follows: see [#onClose]. In a
    /// shutdown hook, this does not wait if the executor's thread, or a block of it, has called [System#exit], which waits for
    /// the hook.
    @Override
    public void close() {
        if (reactor.onLoop()) {
            closeOnLoop();
            return;
        }
        enqueue(new Job() {
            @Override
            void run() {
                closeOnLoop();
            }
        });
        long left = options.closeTimeoutNanos + TimeUnit.SECONDS.toNanos(1);
        while (left > 0 && !reactor.isExiting() && !termination.await(Math.min(left, EXIT_CHECK_NANOS))) {
            left -= EXIT_CHECK_NANOS;
        }
    }

    private void closeOnLoop() {
        switch (state) {
            case IDLE -> shutdown();
            case RUNNING -> move(State.RUNNING, State.CLOSING); // the loop returns, and shuts down
            case CLOSING, DRAINING, CLOSED -> { }
        }
    }

    /// True once the executor has closed. Any thread.
    public boolean isClosed() {
        return termination.isDone();
    }

    /// Runs `action` when the executor has closed: at once if it has, else on the executor's thread. Any thread.
    public void onClose(Runnable action) {
        termination.then(action);
    }

    /// Closes the executor, in steps that share one deadline. At the deadline, each step that is left makes one turn.
    private void shutdown() {
        long deadline = closeDeadline();
        if (state != State.CLOSING) {
            assert state == State.IDLE || state == State.RUNNING : state; // RUNNING: the ring is broken
            state = State.CLOSING;
        }
        live.dropAll();
        if (reactor.isOpen()) {
            try {
                unwindBlocks(deadline);
                endOperations(deadline);
            } catch (IllegalStateException broken) {
                uncaught(broken);
            }
            freeRing();
        }
        runLateJobs(deadline);
        move(State.CLOSING, State.DRAINING);
        loop.runAllButTasks();
        terminate();
    }

    /// Async blocks that were cancelled run their `finally` clauses, which may await.
    private void unwindBlocks(long deadline) {
        loop.runWhile(() -> !live.isEmpty(), deadline);
    }

    /// Cancels the operations in flight, and waits for their completions and for the jobs that these enqueue.
    private void endOperations(long deadline) {
        reactor.cancelAll();
        loop.runWhile(() -> reactor.busy() || loop.hasJobs(), deadline);
    }

    /// Frees the ring and its memory, or leaves the memory to the kernel if operations are in flight.
    private void freeRing() {
        if (!loop.closeRing()) {
            System.getLogger("io.trale").log(System.Logger.Level.WARNING,
                    "closed with operations in flight: their memory is left to the kernel");
        }
    }

    /// Refuses jobs from other threads. Runs those accepted before: they find the ring closed.
    private void runLateJobs(long deadline) {
        loop.closeInbox();
        loop.runWhile(() -> loop.hasJobs() || reactor.hasDueWork(), deadline);
    }

    private void terminate() {
        move(State.DRAINING, State.CLOSED);
        if (!ownsThread) {
            reactor.unbind();
        }
        termination.signal(this::uncaught);
    }

    private long closeDeadline() {
        return reactor.kernel().nanoTime() + options.closeTimeoutNanos;
    }

    private boolean isClosing() {
        return state.compareTo(State.CLOSING) >= 0;
    }

    private void move(State from, State to) {
        assert state == from : state + " in place of " + from;
        state = to;
    }

    // ---- seen from outside

    /// What the executor has done so far. Any thread; the values may be slightly old.
    public Stats stats() {
        return Stats.of(reactor.counters());
    }

    /// The reactor under this executor. For trale-reactive and tests.
    @SuppressWarnings("exports")
    public Reactor reactor() {
        return reactor;
    }
}
