package io.trale.reactive.scheduler;

import io.trale.reactive.loop.Loop;
import io.trale.reactor.Deadline;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/// A task of a scheduler: a job of the loop, and while it waits for its time, a deadline.
///
/// It is never run by whoever schedules it, also on the loop, so that it comes after what was scheduled before. Periods
/// are at a fixed rate: a run that comes late does not put off the next.
final class ScheduledTask extends Deadline implements Runnable, Disposable {

    /// In the place of a period.
    static final long ONCE = -1;

    // The states. The thread that sets OVER while the state is WAITING tells the worker; if it was RUNNING, the run does at
    // its end. So the worker is told once.
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
    /// Dropped at the end, since whoever holds the task may hold it for long.
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

    /// Puts it in line. Any thread. Returns false if the loop has ended.
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

    /// Its turn in the loop's queue.
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
