package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CancellationException;

/// A future that the executor polls to completion. The task is its own job, waker and join handle.
///
/// Three bits are its state; any thread may set them. A task is done if `joiner` is DONE. Only the loop thread runs a task, so
/// no bit is needed for RUNNING.
final class Task<T> extends Job implements JoinHandle<T>, Waker {

    /// The task is in a queue or about to be. The thread that sets this bit must enqueue the task, so it is queued at most once,
    /// however often it is woken. The bit is cleared right before the poll, so a wake during the poll queues the task again.
    private static final int SCHEDULED = 1;

    /// The next run cancels the future instead of polling it. Never cleared.
    private static final int ABORTED = 2;

    /// The failure was taken by a join, so it is not reported. Never cleared.
    private static final int TAKEN = 4;

    /// Replaces the joiner's waker when the task has ended.
    private static final Waker DONE = () -> {};

    private static final VarHandle STATE;
    private static final VarHandle JOINER;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Task.class, "state", int.class);
            JOINER = MethodHandles.lookup().findVarHandle(Task.class, "joiner", Waker.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Executor executor;
    private Future<T> future;
    private volatile int state = SCHEDULED;

    /// The waker of the waiter, null, or DONE. Setting DONE publishes `value` and `failure`.
    private volatile Waker joiner;
    private T value;
    private Throwable failure;

    /// Neighbours in the executor's list of live tasks.
    Task<?> previousLive;
    Task<?> nextLive;

    Task(Executor executor, Future<T> future) {
        this.executor = executor;
        this.future = future;
    }

    @Override
    public void wake() {
        if (((int) STATE.getAndBitwiseOr(this, SCHEDULED) & SCHEDULED) == 0) {
            executor.enqueue(this);
        }
    }

    @Override
    void run() {
        int before = (int) STATE.getAndBitwiseAnd(this, ~SCHEDULED);
        if (future == null) {
            return; // woken after it has ended
        }
        if ((before & ABORTED) != 0) {
            drop(new CancellationException("task aborted"));
            return;
        }
        try {
            if (!future.poll(this)) {
                return;
            }
        } catch (Throwable t) { // poll must not throw; the future may have operations in flight
            drop(t);
            return;
        }
        T result;
        try {
            result = future.result();
        } catch (Throwable t) {
            end(null, t);
            return;
        }
        end(result, null);
    }

    @Override
    Object code() {
        Future<T> future = this.future;
        return future instanceof Block<?> block ? block.code() : future != null ? future : this;
    }

    /// Cancels the future and ends the task with `failure`. Loop thread.
    void drop(Throwable failure) {
        try {
            future.cancel();
        } catch (Throwable t) {
            failure.addSuppressed(t);
        }
        end(null, failure);
    }

    private void end(T value, Throwable failure) {
        future = null;
        this.value = value;
        this.failure = failure;
        Waker waiting = (Waker) JOINER.getAndSet(this, DONE);
        executor.live.ended(this, failure != null && waiting == null);
        if (waiting != null) {
            try {
                waiting.wake();
            } catch (Throwable t) {
                executor.uncaught(t); // a fault of the joiner, not of the task
            }
        }
    }

    @Override
    public boolean poll(Waker waker) {
        while (true) {
            Waker before = joiner;
            if (before == DONE) {
                return true;
            }
            if (JOINER.compareAndSet(this, before, Successor.of(waker, before))) {
                return false;
            }
        }
    }

    @Override
    public T result() throws Exception {
        if (joiner != DONE) {
            throw new IllegalStateException("the task has not ended");
        }
        if (failure != null) {
            STATE.getAndBitwiseOr(this, TAKEN);
        }
        return Outcome.of(value, failure);
    }

    /// The failure of this task, which has ended, if it was not taken by a join; else null.
    Throwable untakenFailure() {
        return (state & TAKEN) == 0 ? failure : null;
    }

    @Override
    public void cancel() {
        Waker before;
        do {
            before = joiner;
        } while (before != DONE && !JOINER.compareAndSet(this, before, Successor.less(before)));
    }

    /// A waiter's waker that has replaced `replaced` others. Each of those waiters may still cancel, which must not remove this
    /// one: a cancel does not identify its waiter.
    private record Successor(Waker waker, int replaced) implements Waker {

        /// The replacement of `before`, which is null if there is no waiter.
        static Waker of(Waker waker, Waker before) {
            return switch (before) {
                case null -> waker;
                case Successor(Waker same, int replaced) when same == waker -> before;
                case Successor(Waker other, int replaced) -> new Successor(waker, replaced + 1);
                default -> before == waker ? waker : new Successor(waker, 1);
            };
        }

        /// The rest of `before` after one cancel.
        static Waker less(Waker before) {
            return before instanceof Successor(Waker waker, int replaced)
                    ? replaced == 1 ? waker : new Successor(waker, replaced - 1) : null;
        }

        @Override
        public void wake() {
            waker.wake();
        }
    }

    @Override
    public void abort() {
        STATE.getAndBitwiseOr(this, ABORTED);
        wake();
    }

    @Override
    public boolean isDone() {
        return joiner == DONE;
    }

    @Override
    public T join() throws Exception {
        return executor.join(this);
    }
}
