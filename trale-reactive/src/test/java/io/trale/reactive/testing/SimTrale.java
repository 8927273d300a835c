package io.trale.reactive.testing;

import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.sim.SimKernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.util.List;
import java.util.concurrent.CancellationException;

/// A Trale on a simulated kernel, on the calling thread.
public final class SimTrale {

    /// The body of a run, which ends when `done` is set or the Trale is closed.
    public interface Body {
        void run(Trale trale, SettableFuture done) throws Exception;
    }

    private SimTrale() {}

    public static void run(SimKernel kernel, ExecutorOptions options, Body body) throws Exception {
        Seeds.run(kernel, options, executor -> run(executor, body));
    }

    /// As [#run(SimKernel, ExecutorOptions, Body)], but collects in `uncaught` what the executor reports.
    public static void run(SimKernel kernel, ExecutorOptions options, List<Throwable> uncaught, Body body) throws Exception {
        Seeds.run(kernel, options, uncaught, executor -> run(executor, body));
    }

    private static void run(Executor executor, Body body) throws Exception {
        Trale trale = Internals.on(executor);
        SettableFuture done = new SettableFuture();
        executor.execute(() -> start(body, trale, done)); // on a running loop, as always
        try {
            executor.submit(done).join();
        } catch (CancellationException closed) {
            return;
        }
        trale.close();
    }

    private static void start(Body body, Trale trale, SettableFuture done) {
        try {
            body.run(trale, done);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
