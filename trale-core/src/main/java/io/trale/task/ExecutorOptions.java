package io.trale.task;

import io.trale.reactor.Deadlines;
import io.trale.reactor.Limits;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The options of an executor. Immutable: each method returns a changed copy.
public final class ExecutorOptions {

    private static final System.Logger LOG = System.getLogger("io.trale");

    private static final ExecutorOptions DEFAULTS = new ExecutorOptions(Limits.DEFAULT,
            body -> Thread.ofPlatform().unstarted(body),
            failure -> LOG.log(System.Logger.Level.ERROR, "a task failed and was not joined", failure),
            Duration.ofSeconds(5).toNanos(), Long.MAX_VALUE, (name, duration) -> { });

    final Limits limits;
    final ThreadFactory threadFactory;
    final Consumer<? super Throwable> uncaught;
    final long closeTimeoutNanos;
    final long slowNanos;
    final BiConsumer<? super String, ? super Duration> slow;

    private ExecutorOptions(Limits limits, ThreadFactory threadFactory, Consumer<? super Throwable> uncaught,
            long closeTimeoutNanos, long slowNanos, BiConsumer<? super String, ? super Duration> slow) {
        this.limits = limits;
        this.threadFactory = threadFactory;
        this.uncaught = uncaught;
        this.closeTimeoutNanos = closeTimeoutNanos;
        this.slowNanos = slowNanos;
        this.slow = slow;
    }

    /// The defaults: 256 submission and 4096 completion entries, 64 receive buffers and 64 send blocks of 64 KiB each (reserved,
    /// not used, until traffic touches them), a close that waits for 5 s.
    public static ExecutorOptions defaults() {
        return DEFAULTS;
    }

    /// Submission and completion entries of the ring: powers of two, at most 32768 and 65536, and at least as many completion
    /// entries. Neither limits the operations in flight: what does not fit waits.
    public ExecutorOptions ringEntries(int submissions, int completions) {
        return with(limits.withRing(submissions, completions));
    }

    /// The number of buffers for receives (a power of two, at most 32768), and the size of each in bytes, which is the most that
    /// one receive returns.
    public ExecutorOptions receiveBuffers(int count, int bytes) {
        return with(limits.withReceiveBuffers(count, bytes));
    }

    /// The number of blocks that sends are copied into, and the size of each in bytes, which is the most that one send takes.
    public ExecutorOptions sendBlocks(int count, int bytes) {
        return with(limits.withSendBlocks(count, bytes));
    }

    /// The number of buffers for leases (a power of two, at most 32768), and the size of each in bytes: see `receiveLeases` of
    /// trale-reactive. If all are on lease, such receives wait until one is returned.
    public ExecutorOptions leaseBuffers(int count, int bytes) {
        return with(limits.withLeaseBuffers(count, bytes));
    }

    /// The number of blocks that trale-reactive reads files into and writes them from, and the size of each in bytes, which is
    /// the most that one read or write transfers. If all are in use, reads and writes of files wait; sockets do not.
    public ExecutorOptions fileBlocks(int count, int bytes) {
        return with(limits.withFileBlocks(count, bytes));
    }

    /// Makes the loop thread of a started executor; must be a platform thread.
    public ExecutorOptions threadFactory(ThreadFactory factory) {
        return new ExecutorOptions(limits, Objects.requireNonNull(factory), uncaught, closeTimeoutNanos, slowNanos, slow);
    }

    /// Called on the loop thread if a task fails and is not joined by the end of that turn. A later join still throws. The
    /// default logs the failure. An aborted task has not failed.
    public ExecutorOptions uncaught(Consumer<? super Throwable> handler) {
        return new ExecutorOptions(limits, threadFactory, Objects.requireNonNull(handler), closeTimeoutNanos,
                slowNanos, slow);
    }

    /// How long `close` waits for tasks to unwind and for operations in flight to end; zero or less means not at all.
    public ExecutorOptions closeTimeout(Duration timeout) {
        return new ExecutorOptions(limits, threadFactory, uncaught, Deadlines.nanos(timeout), slowNanos, slow);
    }

    /// Logs a warning for each callback that takes `threshold`, which must be more than zero, or longer on the loop thread. A
    /// callback is a run of a task, an action given to `execute`, or the handling of a completion with all subscribers that it
    /// calls. Nothing else runs on the loop meanwhile. Off by default, since it reads the clock once for each callback.
    public ExecutorOptions slowCallback(Duration threshold) {
        return slowCallback(threshold, (name, duration) -> LOG.log(System.Logger.Level.WARNING,
                "{0} took {1} ms on the loop thread", name, duration.toMillis()));
    }

    /// As [#slowCallback(Duration)], but calls `handler` on the loop thread. Its arguments are the name of the callback, which is
    /// a class or an operation, and the duration.
    public ExecutorOptions slowCallback(Duration threshold, BiConsumer<? super String, ? super Duration> handler) {
        if (threshold.isNegative() || threshold.isZero()) {
            throw new IllegalArgumentException("threshold is " + threshold + ", must be more than zero");
        }
        return new ExecutorOptions(limits, threadFactory, uncaught, closeTimeoutNanos, Deadlines.nanos(threshold),
                Objects.requireNonNull(handler));
    }

    private ExecutorOptions with(Limits limits) {
        return new ExecutorOptions(limits, threadFactory, uncaught, closeTimeoutNanos, slowNanos, slow);
    }
}
