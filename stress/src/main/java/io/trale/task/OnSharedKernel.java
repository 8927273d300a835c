package io.trale.task;

import io.trale.sim.SharedKernel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/// What the loops of a schedule have in common: a small ring on a simulated kernel, and nothing left at the end.
public final class OnSharedKernel {

    private final AtomicReference<Throwable> uncaught = new AtomicReference<>();

    /// What the loop runs on.
    public final SharedKernel shared = new SharedKernel();

    /// For one loop.
    public OnSharedKernel() {}

    /// Small pools, and a close that waits for as long as it takes.
    public ExecutorOptions options() {
        return ExecutorOptions.defaults().ringEntries(2, 4).receiveBuffers(1, 64).sendBlocks(1, 64).leaseBuffers(1, 64)
                .fileBlocks(1, 64).uncaught(failure -> uncaught.compareAndSet(null, failure)).closeTimeout(Duration.ofDays(1));
    }

    /// An executor on a thread of its own.
    public Executor start() throws Exception {
        return Executor.start("loop", shared.kernel(), options());
    }

    /// Throws if something is left, or was thrown and not caught.
    public void end() {
        shared.assertQuiescent();
        Throwable failure = uncaught.get();
        if (failure != null) {
            throw new AssertionError("uncaught", failure);
        }
    }
}
