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

/// A loop as Reactor's operators see it: tasks run on its thread, first come, first served, and wait for their time on
/// the executor's one timer.
///
/// Each scheduler is a view of the loop with an end of its own: to dispose it ends its tasks, and neither the loop nor
/// other views. It ends with the loop, too.
public final class TraleScheduler implements Scheduler, Scannable {

    /// Runs what it is given at once, and does with a failure what all of Reactor's schedulers do, hooks included; there is
    /// no other way to that.
    private static final Scheduler FAILING = Schedulers.fromExecutor(Runnable::run);

    private final Loop loop;
    /// Completes when this is disposed and none of its tasks is left.
    private final Sinks.Empty<Void> ended = Sinks.empty();
    /// What is scheduled directly; and its tasks are all tasks, since every other worker is a part of it.
    final TraleWorker whole;

    public TraleScheduler(Loop loop) {
        this.loop = loop;
        whole = new TraleWorker(this, null);
    }

    Loop loop() {
        return loop;
    }

    /// Reports what a task has thrown.
    static void failed(Throwable failure) {
        FAILING.schedule(() -> {
            throw Exceptions.propagate(failure);
        });
    }

    // ---- work

    @Override
    public Disposable schedule(Runnable task) {
        return whole.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return whole.schedule(task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return whole.schedulePeriodically(task, initialDelay, period, unit);
    }

    @Override
    public Worker createWorker() {
        return new TraleWorker(this, whole);
    }

    /// As Reactor has it: the time of day in milliseconds or coarser units, in finer ones the clock of delays.
    @Override
    public long now(TimeUnit unit) {
        return unit.compareTo(TimeUnit.MILLISECONDS) >= 0 ? Scheduler.super.now(unit)
                : unit.convert(loop.reactor.kernel().nanoTime(), TimeUnit.NANOSECONDS);
    }

    // ---- life

    @Override
    public void init() {
        if (isDisposed()) {
            throw new IllegalStateException(this + " is disposed, and cannot be started again");
        }
    }

    @Override
    public void dispose() {
        whole.dispose();
    }

    /// Takes no more tasks and lets those that are there come to their end, delayed ones at their time; periodic ones
    /// end after the run they are in.
    @Override
    public Mono<Void> disposeGracefully() {
        return Mono.defer(() -> {
            whole.disposeGracefully();
            return Mono.firstWithSignal(ended.asMono(), loop.onClose());
        });
    }

    @Override
    public boolean isDisposed() {
        return whole.isDisposed() || loop.isClosed();
    }

    /// The last task of this or of one of its workers has ended, and none will come any more.
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
        if (key == Attr.CAPACITY || key == Attr.BUFFERED) { // of threads, as Reactor's own schedulers understand it
            return 1;
        }
        return null;
    }

    @Override
    public String toString() {
        return "trale(\"" + loop.name + "\")";
    }
}
