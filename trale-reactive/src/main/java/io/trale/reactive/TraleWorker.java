package io.trale.reactive;

import io.trale.reactor.Deadlines;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Tasks that are disposed together: those of one worker, or all of a scheduler.
///
/// It holds what is not over, and nothing else holds a worker, so one that is forgotten is simply collected. Any thread.
final class TraleWorker implements Scheduler.Worker, Scannable {

    private final TraleScheduler scheduler;
    /// The worker that this is a part of; null for the scheduler's own.
    private final @Nullable TraleWorker whole;

    private final Set<ScheduledTask> tasks = ConcurrentHashMap.newKeySet();
    /// Set before the tasks are looked through, and read after a task was added: one of the two sees the other.
    private volatile boolean disposed;

    TraleWorker(TraleScheduler scheduler, @Nullable TraleWorker whole) {
        this.scheduler = scheduler;
        this.whole = whole;
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
        if (!add(task)) {
            throw Exceptions.failWithRejected();
        }
        if (!task.start()) {
            task.dispose();
            throw Exceptions.failWithRejected();
        }
        return task;
    }

    private boolean add(ScheduledTask task) {
        tasks.add(task);
        if (!disposed && (whole == null || whole.add(task))) {
            return true;
        }
        remove(task);
        return false;
    }

    /// `task` is over.
    void remove(ScheduledTask task) {
        tasks.remove(task);
        if (whole != null) {
            whole.remove(task);
        } else {
            endWhenEmpty();
        }
    }

    // ---- life

    @Override
    public void dispose() {
        disposed = true;
        tasks.forEach(ScheduledTask::dispose);
        endWhenEmpty();
    }

    /// Takes no more tasks, and has none of them repeated.
    void disposeGracefully() {
        disposed = true;
        tasks.stream().filter(ScheduledTask::isPeriodic).forEach(ScheduledTask::dispose);
        endWhenEmpty();
    }

    private void endWhenEmpty() {
        if (disposed && whole == null && tasks.isEmpty()) {
            scheduler.ended();
        }
    }

    @Override
    public boolean isDisposed() {
        return disposed || whole != null && scheduler.isDisposed();
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
