package io.trale.task;

import io.trale.future.Future;

/// A running task, as seen by the code that waits for its result.
///
/// The handle is a future, which another task may poll, on any executor. [#cancel] only ends that wait: the task continues.
/// [#abort] ends the task. A handle has one waiter. A new poll or join replaces the previous waiter, which is then never
/// woken; the cancel of a replaced waiter leaves its successor waiting.
public interface JoinHandle<T> extends Future<T> {

    /// Ends the task at its next suspension: its future is cancelled and the handle completes with
    /// [java.util.concurrent.CancellationException]. No effect on a task that has ended. Any thread.
    void abort();

    /// True once the task has completed, failed or was aborted. Any thread.
    boolean isDone();

    /// Waits for the result and returns it, or throws what the task threw. On the thread of the task's executor, if that does not
    /// run yet, this runs it until the task ends. On a thread that runs no executor, this blocks. Throws [IllegalStateException]
    /// inside a running executor, which this would block: poll the handle there instead.
    T join() throws Exception;
}
