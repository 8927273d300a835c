package io.trale.task;

import io.trale.future.Future;

/// A task that runs by itself, as seen by whoever wants its result.
///
/// A future: another task may poll it, on any executor. Here [#cancel] only means to stop waiting: the task goes on.
/// [#abort] ends the task. A handle has one waiter. A new poll or join replaces the previous waiter, which is then never
/// woken; the cancel of a replaced waiter leaves its successor waiting.
public interface JoinHandle<T> extends Future<T> {

    /// Ends the task at its next suspension: its future is cancelled and the handle completes with
    /// [java.util.concurrent.CancellationException]. No effect on a task that has ended. Any thread.
    void abort();

    /// True once the task has ended, in whatever way. Any thread.
    boolean isDone();

    /// Waits for the result and returns it, or throws what the task threw. Blocks a thread that runs no executor; on
    /// the thread whose executor has the task, and does not run yet, runs it until the task ends. Throws
    /// [IllegalStateException] inside a running executor, which this would block: poll the handle there instead.
    T join() throws Exception;
}
