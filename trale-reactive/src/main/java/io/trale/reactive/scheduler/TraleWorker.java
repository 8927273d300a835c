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
/// It holds what is not over, and nothing else holds a worker, so one that is forgotten is simply collected. Any thread.
final class TraleWorker implements Scheduler.Worker, Scannable {

    /// Set in [#live] once no more tasks are accepted.
    private static final int DISPOSED = Integer.MIN_VALUE;

    private final TraleScheduler scheduler;
    /// The worker that this is a part of; null for the scheduler's own.
    private final @Nullable TraleWorker whole;

    /// How many tasks are accepted and not over, and DISPOSED. One word, since the size of a concurrent set lags behind its
    /// content: the worker has ended when nothing but DISPOSED is left, and only then.
    private final AtomicInteger live = new AtomicInteger();
    /// The tasks, to dispose them. `dispose` sets DISPOSED before it looks through them, and a task is added before DISPOSED
    /// is read: at least one of the two threads sees the other, and disposes the task.
    private final Set<ScheduledTask> tasks = ConcurrentHashMap.newKeySet();

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
        if (!accept()) {
            throw Exceptions.failWithRejected();
        }
        add(task);
        if (isRefusing() || !task.start()) {
            task.dispose();
            forget(task); // it may have been over before it was added
            throw Exceptions.failWithRejected();
        }
        return task;
    }

    /// Counts a task; returns false, and counts none, if this or the scheduler is disposed.
    private boolean accept() {
        if (live.getAndUpdate(state -> state < 0 ? state : state + 1) < 0) {
            return false;
        }
        if (whole == null || whole.accept()) {
            return true;
        }
        leave();
        return false;
    }

    private void add(ScheduledTask task) {
        tasks.add(task);
        if (whole != null) {
            whole.add(task);
        }
    }

    private void forget(ScheduledTask task) {
        tasks.remove(task);
        if (whole != null) {
            whole.forget(task);
        }
    }

    private boolean isRefusing() {
        return live.get() < 0 || whole != null && whole.isRefusing();
    }

    /// `task` is over. Called once for each.
    void over(ScheduledTask task) {
        forget(task);
        if (whole != null) {
            whole.leave();
        }
        leave();
    }

    private void leave() {
        if (live.decrementAndGet() == DISPOSED && whole == null) {
            scheduler.ended();
        }
    }

    // ---- life

    @Override
    public void dispose() {
        refuse();
        tasks.forEach(ScheduledTask::dispose);
    }

    /// Takes no more tasks, and has none of them repeated.
    void disposeGracefully() {
        refuse();
        tasks.stream().filter(ScheduledTask::isPeriodic).forEach(ScheduledTask::dispose);
    }

    private void refuse() {
        if (live.getAndUpdate(state -> state | DISPOSED) == 0 && whole == null) {
            scheduler.ended();
        }
    }

    @Override
    public boolean isDisposed() {
        return live.get() < 0 || whole != null && scheduler.isDisposed();
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
