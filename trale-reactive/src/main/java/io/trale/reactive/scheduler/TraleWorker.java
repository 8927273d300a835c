package io.trale.reactive.scheduler;

import io.trale.reactive.loop.Loop;
import io.trale.reactor.Deadlines;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Tasks that are disposed together: those of one worker, or all of a scheduler.
///
/// Holds the tasks that have not ended. Nothing holds a worker, so an unreferenced worker is garbage-collected. Any thread.
///
/// Public for the module `stress`, which makes broken twins of this.
public final class TraleWorker implements Scheduler.Worker, Scannable {

    /// Set in [#live] when new tasks are rejected.
    private static final int DISPOSED = Integer.MIN_VALUE;

    private final TraleScheduler scheduler;
    /// The worker that this is a part of; null for that of the scheduler.
    private final @Nullable TraleWorker parent;

    /// The number of accepted tasks that have not ended, plus DISPOSED. The worker has ended when exactly DISPOSED is left. One
    /// word, because the size of a concurrent set may lag behind its content.
    private final AtomicInteger live = new AtomicInteger();
    /// The tasks, for `dispose`. It sets DISPOSED before it iterates, and `start` adds a task before it reads DISPOSED: at
    /// least one of the two threads sees the other's write and disposes the task.
    Set<ScheduledTask> tasks = ConcurrentHashMap.newKeySet(); // a test replaces it, to switch threads in its calls

    TraleWorker(TraleScheduler scheduler, @Nullable TraleWorker parent) {
        this.scheduler = scheduler;
        this.parent = parent;
    }

    Loop loop() {
        return scheduler.loop();
    }

    // ---- work

    @Override
    public Disposable schedule(Runnable task) {
        return start(task, 0, ScheduledTask.ONCE);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return start(task, nanos(delay, unit), ScheduledTask.ONCE);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return start(task, nanos(initialDelay, unit), nanos(period, unit));
    }

    private static long nanos(long amount, TimeUnit unit) {
        return Deadlines.nanos(Duration.ofNanos(unit.toNanos(amount)));
    }

    private Disposable start(Runnable action, long delayNanos, long periodNanos) {
        ScheduledTask task = new ScheduledTask(this, Schedulers.onSchedule(action), delayNanos, periodNanos);
        if (!accept()) {
            throw Exceptions.failWithRejected();
        }
        add(task);
        if (isRefusing() || !task.start()) {
            task.dispose();
            forget(task); // it may have ended before it was added
            throw Exceptions.failWithRejected();
        }
        return task;
    }

    /// Counts a task; returns false without counting if this or the scheduler is disposed.
    private boolean accept() {
        if (live.getAndUpdate(state -> state < 0 ? state : state + 1) < 0) {
            return false;
        }
        if (parent == null || parent.accept()) {
            return true;
        }
        leave();
        return false;
    }

    private void add(ScheduledTask task) {
        tasks.add(task);
        if (parent != null) {
            parent.add(task);
        }
    }

    private void forget(ScheduledTask task) {
        tasks.remove(task);
        if (parent != null) {
            parent.forget(task);
        }
    }

    private boolean isRefusing() {
        return live.get() < 0 || parent != null && parent.isRefusing();
    }

    /// `task` has ended. Called once for each task.
    void over(ScheduledTask task) {
        forget(task);
        if (parent != null) {
            parent.leave();
        }
        leave();
    }

    private void leave() {
        if (live.decrementAndGet() == DISPOSED && parent == null) {
            scheduler.ended();
        }
    }

    // ---- life

    @Override
    public void dispose() {
        refuse();
        tasks.forEach(ScheduledTask::dispose);
    }

    /// Rejects new tasks and disposes periodic ones.
    void disposeGracefully() {
        refuse();
        tasks.stream().filter(ScheduledTask::isPeriodic).forEach(ScheduledTask::dispose);
    }

    private void refuse() {
        if (live.getAndUpdate(state -> state | DISPOSED) == 0 && parent == null) {
            scheduler.ended();
        }
    }

    @Override
    public boolean isDisposed() {
        return live.get() < 0 || parent != null && scheduler.isDisposed();
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.NAME) {
            return scheduler + ".worker";
        }
        if (key == Attr.PARENT) {
            return scheduler;
        }
        if (key == Attr.TERMINATED || key == Attr.CANCELLED) {
            return isDisposed();
        }
        if (key == Attr.BUFFERED) {
            return tasks.size();
        }
        return null;
    }
}
