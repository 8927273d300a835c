package io.trale.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import java.util.List;
import java.util.concurrent.CancellationException;

/// What is given up at every step, and what comes before and after that.
///
/// Another thread gives it up inside the first call that the loop makes, in another run inside the second, and so on to
/// the last, with rings of one entry and of many, on kernels that are prompt and that are late: nothing is lost, nothing is
/// left.
abstract class GivenUp<T> {

    /// Makes one for each run.
    interface Maker<T> {
        GivenUp<T> make();
    }

    SimKernel kernel;
    Executor executor;

    /// Prepares. Resources are closed by [#after].
    abstract Future<T> future() throws Exception;

    /// `value` is what the future has brought, or null if it was given up.
    abstract void after(T value) throws Exception;

    final <V> V run(Future<V> future) throws Exception {
        return executor.submit(future).join();
    }

    static <T> void atEveryStep(Maker<T> maker) throws Exception {
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
                GivenUp<T> scenario = maker.make();
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
