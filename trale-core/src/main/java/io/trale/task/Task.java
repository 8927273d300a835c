package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CancellationException;

/// One future that the executor polls to completion: its own job, its own waker, its own join handle.
///
/// Three bits say all about its state. SCHEDULED: it is in a queue, or on its way there; whoever sets it must enqueue,
/// so a task is queued at most once, however often it is woken. It is cleared just before the poll, so a wake during
/// the poll queues it again. ABORTED: the next run cancels the future in place of polling it. TAKEN: somebody has been
/// told of its failure. Only the loop thread runs a task, so no bit is needed for that.
final class Task<T> extends Job implements JoinHandle<T>, Waker {

    private static final int SCHEDULED = 1;
    private static final int ABORTED = 2;
    private static final int TAKEN = 4;

    /// In the place of the joiner's waker when the task has ended.
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

    /// The waiter's waker, null, or DONE. Setting DONE publishes `value` and `failure`.
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
            return; // woken after its end
        }
        if ((before & ABORTED) != 0) {
            drop(new CancellationException("task aborted"));
            return;
        }
        try {
            if (!future.poll(this)) {
                return;
            }
        } catch (Throwable t) { // it broke its promise, and may have something in flight
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
        executor.ended(this, failure != null && waiting == null);
        if (waiting != null) {
            try {
                waiting.wake();
            } catch (Throwable t) {
                executor.uncaught(t); // the joiner's fault, not ours
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

    /// The failure of this task, which has ended, if nobody has been told of it; else null.
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

    /// A waiter's waker which has replaced `replaced` others. As many cancels come from those, perhaps, and must not remove
    /// this one: a cancel does not say whose it is.
    private record Successor(Waker waker, int replaced) implements Waker {

        /// What takes the place of `before`, which is null if nobody waits.
        static Waker of(Waker waker, Waker before) {
            return switch (before) {
                case null -> waker;
                case Successor(Waker same, int replaced) when same == waker -> before;
                case Successor(Waker other, int replaced) -> new Successor(waker, replaced + 1);
                default -> before == waker ? waker : new Successor(waker, 1);
            };
        }

        /// What is left of `before` after one cancel.
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
