package io.trale.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import java.util.List;
import java.util.concurrent.CancellationException;

/// A scenario whose future is cancelled at every step of its life.
///
/// In the first run, the foreign thread aborts the future during the first system call of the loop; in the second run, during
/// the second call, and so on. All runs are repeated with small and large rings, with and without delays. Nothing must be lost
/// or leaked.
public abstract class CancelAtEveryStep<T> {

    /// Creates the scenario of a run.
    public interface Maker<T> {
        CancelAtEveryStep<T> make();
    }

    protected SimKernel kernel;
    protected Executor executor;

    /// Prepares the scenario, and returns the future to cancel. [#after] closes the resources.
    protected abstract Future<T> future() throws Exception;

    /// Checks the end. `value` is the value of the future, or null if it was cancelled.
    protected abstract void after(T value) throws Exception;

    protected final <V> V run(Future<V> future) throws Exception {
        return executor.submit(future).join();
    }

    public static <T> void atEveryStep(Maker<T> maker) throws Exception {
        Faults late = Faults.NONE.with(Fault.LATE, Fault.LOST_CANCEL, Fault.PARTIAL_SUBMISSION, Fault.HICCUP);
        for (ExecutorOptions options : List.of(ExecutorOptions.defaults(), ExecutorOptions.defaults().ringEntries(1, 2))) {
            atEveryStep(maker, options, 0, Faults.NONE);
            for (long seed = 1; seed < 6; seed++) {
                atEveryStep(maker, options, seed, late);
            }
        }
    }

    private static <T> void atEveryStep(Maker<T> maker, ExecutorOptions options, long seed, Faults faults) throws Exception {
        for (long step = 1;; step++) {
            SimKernel kernel = new SimKernel(seed).strict().faults(faults);
            boolean[] reached = new boolean[1];
            long call = step;
            Seeds.run(kernel, options, executor -> {
                CancelAtEveryStep<T> scenario = maker.make();
                scenario.kernel = kernel;
                scenario.executor = executor;
                JoinHandle<T> handle = executor.submit(scenario.future());
                kernel.foreignInCall(call, () -> {
                    reached[0] = true;
                    handle.abort();
                });
                T value = null;
                try {
                    value = handle.join();
                } catch (CancellationException e) {
                    assertThat(reached[0]).isTrue();
                }
                scenario.after(value);
            });
            if (!reached[0]) {
                assertThat(step).as("steps").isGreaterThan(1);
                return;
            }
        }
    }
}
