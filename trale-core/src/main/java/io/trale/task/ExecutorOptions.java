package io.trale.task;

import io.trale.reactor.Deadlines;
import io.trale.reactor.Limits;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// How an executor is made. Immutable: each method returns a changed copy.
public final class ExecutorOptions {

    private static final System.Logger LOG = System.getLogger("io.trale");

    private static final ExecutorOptions DEFAULTS = new ExecutorOptions(Limits.DEFAULT,
            body -> Thread.ofPlatform().unstarted(body),
            failure -> LOG.log(System.Logger.Level.ERROR, "a task failed and nobody had joined it", failure),
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

    /// What an executor has when nothing else is said: 256 submission and 4096 completion entries, 64 receive buffers
    /// and 64 send blocks of 64 KiB each (reserved, not used, until traffic touches them), a close that waits 5 s.
    public static ExecutorOptions defaults() {
        return DEFAULTS;
    }

    /// Submission and completion entries of the ring: powers of two, at most 32768 and 65536, and no fewer of the latter.
    /// Neither limits how much may be in flight: what does not fit waits its turn.
    public ExecutorOptions ringEntries(int submissions, int completions) {
        Limits l = limits;
        return with(new Limits(submissions, completions, l.completionsPerTurn(), l.receiveBuffers(),
                l.receiveBufferBytes(), l.sendBlocks(), l.sendBlockBytes(), l.leaseBuffers(), l.leaseBufferBytes(),
                l.fileBlocks(), l.fileBlockBytes()));
    }

    /// How many buffers (a power of two, at most 32768) receives draw from, and the size of each in bytes, which is
    /// the most that one receive brings.
    public ExecutorOptions receiveBuffers(int count, int bytes) {
        Limits l = limits;
        return with(new Limits(l.submissionEntries(), l.completionEntries(), l.completionsPerTurn(), count, bytes,
                l.sendBlocks(), l.sendBlockBytes(), l.leaseBuffers(), l.leaseBufferBytes(),
                l.fileBlocks(), l.fileBlockBytes()));
    }

    /// How many blocks sends are copied into, and the size of each in bytes, which is the most that one send takes.
    public ExecutorOptions sendBlocks(int count, int bytes) {
        Limits l = limits;
        return with(new Limits(l.submissionEntries(), l.completionEntries(), l.completionsPerTurn(),
                l.receiveBuffers(), l.receiveBufferBytes(), count, bytes, l.leaseBuffers(), l.leaseBufferBytes(),
                l.fileBlocks(), l.fileBlockBytes()));
    }

    /// How many buffers (a power of two, at most 32768) can be on lease at a time, and the size of each in bytes: see
    /// `receiveLeases` of trale-reactive. When all are, receives of that kind wait until one is given back.
    public ExecutorOptions leaseBuffers(int count, int bytes) {
        Limits l = limits;
        return with(new Limits(l.submissionEntries(), l.completionEntries(), l.completionsPerTurn(),
                l.receiveBuffers(), l.receiveBufferBytes(), l.sendBlocks(), l.sendBlockBytes(), count, bytes,
                l.fileBlocks(), l.fileBlockBytes()));
    }

    /// How many blocks of memory trale-reactive reads files into and writes them from, and the size of each in bytes, which
    /// is the most that one read or write transfers. When all are in use, files wait for one another, and nobody else does.
    public ExecutorOptions fileBlocks(int count, int bytes) {
        Limits l = limits;
        return with(new Limits(l.submissionEntries(), l.completionEntries(), l.completionsPerTurn(),
                l.receiveBuffers(), l.receiveBufferBytes(), l.sendBlocks(), l.sendBlockBytes(), l.leaseBuffers(),
                l.leaseBufferBytes(), count, bytes));
    }

    /// Makes the loop thread of a started executor; must be a platform thread.
    public ExecutorOptions threadFactory(ThreadFactory factory) {
        return new ExecutorOptions(limits, Objects.requireNonNull(factory), uncaught, closeTimeoutNanos, slowNanos, slow);
    }

    /// Told, on the loop thread, of the failure of a task for which nobody waits, and whose result nobody has asked for by
    /// the end of the turn in which it failed; whoever asks later is told all the same. The default logs it. A task that
    /// was aborted is no failure.
    public ExecutorOptions uncaught(Consumer<? super Throwable> handler) {
        return new ExecutorOptions(limits, threadFactory, Objects.requireNonNull(handler), closeTimeoutNanos,
                slowNanos, slow);
    }

    /// How long `close` waits for what is in flight to end; zero or less means not at all.
    public ExecutorOptions closeTimeout(Duration timeout) {
        return new ExecutorOptions(limits, threadFactory, uncaught, Deadlines.nanos(timeout), slowNanos, slow);
    }

    /// Logs a warning for each callback that takes `threshold` or longer on the loop thread: a run of a task, of an action given
    /// to `execute`, or the handling of a completion with all subscribers that it calls. Nothing else runs on the loop
    /// meanwhile. Off by default, since each callback then costs a reading of the clock. Must be more than zero.
    public ExecutorOptions slowCallback(Duration threshold) {
        return slowCallback(threshold, (name, duration) -> LOG.log(System.Logger.Level.WARNING,
                "{0} took {1} ms on the loop thread", name, duration.toMillis()));
    }

    /// As [#slowCallback(Duration)]; `handler` is called on the loop thread with the name of the callback, which is its class or
    /// the operation, and with the time that it took.
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
