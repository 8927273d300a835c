package io.trale.reactive;

import io.trale.sim.Seeds;
import io.trale.sim.Signal;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// A Trale on a simulated kernel and the calling thread, and Reactor's own schedulers on its virtual time.
final class SimTrale {

    /// What happens on the Trale; the run ends when `done` is set, or the Trale is closed.
    interface Body {
        void run(Trale trale, Signal done) throws Exception;
    }

    private SimTrale() {}

    static void run(SimKernel kernel, ExecutorOptions options, Body body) throws Exception {
        Schedulers.setFactory(new Schedulers.Factory() {
            @Override
            public Scheduler newParallel(int parallelism, java.util.concurrent.ThreadFactory threads) {
                return new Virtual(kernel);
            }
        });
        try {
            Seeds.run(kernel, options, executor -> {
                Trale trale = Trale.on(executor);
                Signal done = new Signal();
                executor.execute(() -> start(body, trale, done)); // on a loop that runs, as everywhere else
                try {
                    executor.submit(done).join();
                } catch (CancellationException closed) {
                    return;
                }
                trale.close();
            });
        } finally {
            Schedulers.resetFactory();
        }
    }

    private static void start(Body body, Trale trale, Signal done) {
        try {
            body.run(trale, done);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /// Every task is a step of another thread, in virtual time.
    private record Virtual(SimKernel kernel) implements Scheduler {

        @Override
        public Disposable schedule(Runnable task) {
            return schedule(task, 0, TimeUnit.NANOSECONDS);
        }

        @Override
        public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
            Disposable cancelled = Disposables.single();
            kernel.foreignAfter(unit.toNanos(delay), () -> {
                if (!cancelled.isDisposed()) {
                    task.run();
                }
            });
            return cancelled;
        }

        @Override
        public long now(TimeUnit unit) {
            return unit.convert(kernel.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public Worker createWorker() {
            Disposable.Composite all = Disposables.composite();
            return new Worker() {
                @Override
                public Disposable schedule(Runnable task) {
                    Disposable one = Virtual.this.schedule(task);
                    all.add(one);
                    return one;
                }

                @Override
                public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
                    Disposable one = Virtual.this.schedule(task, delay, unit);
                    all.add(one);
                    return one;
                }

                @Override
                public void dispose() {
                    all.dispose();
                }
            };
        }
    }
}
