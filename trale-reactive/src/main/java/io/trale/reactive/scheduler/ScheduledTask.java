package io.trale.reactive.scheduler;

import io.trale.reactive.loop.Loop;
import io.trale.reactor.Deadline;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/// A task of a scheduler: a job of the loop, and a deadline while it waits for its time.
///
/// Even on the loop it never runs inside `schedule`, so that tasks run in the order in which they were scheduled. Periods have
/// a fixed rate: a late run does not delay the next one.
final class ScheduledTask extends Deadline implements Runnable, Disposable {

    /// The period of a task that runs once.
    static final long ONCE = -1;

    // The states. The thread that changes WAITING to OVER notifies the worker. If the task is RUNNING, its thread notifies the
    // worker after the run. So the worker is notified once.
    private static final int WAITING = 0;
    private static final int RUNNING = 1;
    private static final int OVER = 2;

    private static final AtomicIntegerFieldUpdater<ScheduledTask> STATE =
            AtomicIntegerFieldUpdater.newUpdater(ScheduledTask.class, "state");

    private final TraleWorker worker;
    private final Loop loop;
    private final long periodNanos;
    private final boolean timed;

    private volatile int state = WAITING;
    /// Cleared at the end, because the user may hold the task for long.
    private @Nullable Runnable action;

    // For the loop alone, once it has started.
    private long dueNanos;
    private boolean due;

    ScheduledTask(TraleWorker worker, Runnable action, long delayNanos, long periodNanos) {
        this.worker = worker;
        this.action = Objects.requireNonNull(action);
        this.periodNanos = periodNanos;
        loop = worker.loop();
        due = delayNanos == 0;
        timed = delayNanos > 0 || periodNanos > 0;
        dueNanos = timed ? loop.reactor.kernel().nanoTime() + delayNanos : 0;
    }

    /// Queues the task. Any thread. Returns false if the loop has ended.
    boolean start() {
        if (!due && loop.isCurrent() && !loop.isClosed()) {
            run();
            return true;
        }
        return loop.execute(this);
    }

    boolean isPeriodic() {
        return periodNanos != ONCE;
    }

    /// Runs as a job of the loop.
    @Override
    public void run() {
        if (due) {
            fire();
        } else if (state == WAITING) {
            loop.reactor.deadlines().set(this, dueNanos);
        }
    }

    @Override
    protected void reached() {
        due = true;
        fire();
    }

    private void fire() {
        if (!STATE.compareAndSet(this, WAITING, RUNNING)) {
            return;
        }
        try {
            Objects.requireNonNull(action).run();
        } catch (Throwable t) {
            TraleScheduler.failed(t);
        }
        if (!isPeriodic() || !STATE.compareAndSet(this, RUNNING, WAITING)) {
            state = OVER;
            end();
        } else if (periodNanos > 0) {
            dueNanos += periodNanos;
            loop.reactor.deadlines().set(this, dueNanos);
        } else if (!loop.execute(this)) {
            dispose();
        }
    }

    private void end() {
        action = null;
        worker.over(this);
    }

    @Override
    public void dispose() {
        if (STATE.getAndSet(this, OVER) == WAITING) {
            end();
            if (timed) {
                loop.run(() -> loop.reactor.deadlines().callOff(this));
            }
        }
    }

    @Override
    public boolean isDisposed() {
        return state == OVER;
    }
}
