package io.trale.reactive.scheduler;

import io.trale.reactive.loop.Loop;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// A Reactor scheduler on a loop: tasks run on the loop thread, in FIFO order; delayed tasks wait in the executor's heap of
/// deadlines.
///
/// Each scheduler is a view of the loop. Its `dispose` ends its tasks, but not the loop or other schedulers. The end of the
/// loop ends all schedulers.
public final class TraleScheduler implements Scheduler, Scannable {

    /// Runs a task at once and handles its failure as all schedulers of Reactor do, hooks included. Reactor has no other public
    /// way to do that.
    private static final Scheduler FAILING = Schedulers.fromExecutor(Runnable::run);

    private final Loop loop;
    /// Completes when this is disposed and all its tasks have ended.
    private final Sinks.Empty<Void> ended = Sinks.empty();
    /// The worker of directly scheduled tasks. It also counts the tasks of all other workers, which are parts of it.
    final TraleWorker root;

    public TraleScheduler(Loop loop) {
        this.loop = loop;
        root = new TraleWorker(this, null);
    }

    Loop loop() {
        return loop;
    }

    /// Reports an exception of a task.
    static void failed(Throwable failure) {
        FAILING.schedule(() -> {
            throw Exceptions.propagate(failure);
        });
    }

    // ---- work

    @Override
    public Disposable schedule(Runnable task) {
        return root.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return root.schedule(task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return root.schedulePeriodically(task, initialDelay, period, unit);
    }

    @Override
    public Worker createWorker() {
        return new TraleWorker(this, root);
    }

    /// As Reactor defines it: the time of day in milliseconds or coarser units; in finer units the clock of the delays.
    @Override
    public long now(TimeUnit unit) {
        return unit.compareTo(TimeUnit.MILLISECONDS) >= 0 ? Scheduler.super.now(unit)
                : unit.convert(loop.reactor.kernel().nanoTime(), TimeUnit.NANOSECONDS);
    }

    // ---- life

    @Override
    public void init() {
        if (isDisposed()) {
            throw new IllegalStateException(this + " is disposed and cannot be started again; create one with Trale.scheduler()");
        }
    }

    @Override
    public void dispose() {
        root.dispose();
    }

    /// Rejects new tasks and lets accepted ones run, delayed ones at their time. A periodic task ends after its current run.
    @Override
    public Mono<Void> disposeGracefully() {
        return Mono.defer(() -> {
            root.disposeGracefully();
            return Mono.firstWithSignal(ended.asMono(), loop.onClose());
        });
    }

    @Override
    public boolean isDisposed() {
        return root.isDisposed() || loop.isClosed();
    }

    /// Called when this is disposed and the last task of all workers has ended.
    void ended() {
        ended.tryEmitEmpty();
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.NAME) {
            return toString();
        }
        if (key == Attr.TERMINATED || key == Attr.CANCELLED) {
            return isDisposed();
        }
        if (key == Attr.CAPACITY || key == Attr.BUFFERED) { // the number of threads, as in Reactor's schedulers
            return 1;
        }
        return null;
    }

    @Override
    public String toString() {
        return "trale(\"" + loop.name + "\")";
    }
}
