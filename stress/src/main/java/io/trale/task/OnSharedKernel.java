package io.trale.task;

import io.trale.sim.SharedKernel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/// The environment of a schedule: loops with a small ring on a simulated kernel, and a check at the end for leaked
/// resources.
public final class OnSharedKernel {

    private final AtomicReference<Throwable> uncaught = new AtomicReference<>();

    /// The simulated kernel.
    public final SharedKernel shared = new SharedKernel();

    /// Creates the environment of one loop.
    public OnSharedKernel() {}

    /// Options with small pools and a close timeout of ten seconds, which a sound close never needs: time only passes while all wait.
    public ExecutorOptions options() {
        return ExecutorOptions.defaults().ringEntries(2, 4).receiveBuffers(1, 64).sendBlocks(1, 64).leaseBuffers(1, 64)
                .fileBlocks(1, 64).uncaught(failure -> uncaught.compareAndSet(null, failure)).closeTimeout(Duration.ofSeconds(10));
    }

    /// Starts an executor on its own thread.
    public Executor start() throws Exception {
        return Executor.start("loop", shared.kernel(), options());
    }

    /// Throws if the kernel still has open descriptors or operations, or if an exception was not caught.
    public void end() {
        shared.assertQuiescent();
        Throwable failure = uncaught.get();
        if (failure != null) {
            throw new AssertionError("uncaught", failure);
        }
    }
}
