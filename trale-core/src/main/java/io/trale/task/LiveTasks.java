package io.trale.task;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// The tasks of an executor that have not ended, and the failures that were not joined. Loop thread only.
final class LiveTasks {

    /// An intrusive list, so that a task is removed in constant time.
    private Task<?> first;
    private int count;
    /// Tasks that have failed in this turn without a waiter, in order. Linked by `nextLive`, since they are no longer live.
    private Task<?> firstUnjoined;
    private Task<?> lastUnjoined;
    private final Consumer<Throwable> reporter;

    /// `reporter` gets the failures that are not joined.
    LiveTasks(Consumer<Throwable> reporter) {
        this.reporter = reporter;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(Task<?> task) {
        task.nextLive = first;
        if (first != null) {
            first.previousLive = task;
        }
        first = task;
        count++;
    }

    /// Removes `task`, which has ended. `isUnjoined`: it has failed and has no waiter.
    void ended(Task<?> task, boolean isUnjoined) {
        Task<?> previous = task.previousLive;
        Task<?> next = task.nextLive;
        if (previous != null) {
            previous.nextLive = next;
        } else {
            first = next;
        }
        if (next != null) {
            next.previousLive = previous;
        }
        task.previousLive = null; // else its handle would keep its neighbours reachable, and theirs
        task.nextLive = null;
        count--;
        if (isUnjoined) {
            if (firstUnjoined == null) {
                firstUnjoined = task;
            } else {
                lastUnjoined.nextLive = task;
            }
            lastUnjoined = task;
        }
    }

    /// Reports the failures that were not taken by a join until now.
    void reportUnjoined() {
        for (Task<?> task; (task = firstUnjoined) != null;) {
            firstUnjoined = task.nextLive;
            task.nextLive = null;
            Throwable failure = task.untakenFailure();
            if (failure != null && !Outcome.isCancel(failure)) {
                reporter.accept(failure);
            }
        }
    }

    /// Ends all tasks, since the executor closes.
    void dropAll() {
        List<Task<?>> tasks = new ArrayList<>(count);
        for (Task<?> task = first; task != null; task = task.nextLive) {
            tasks.add(task);
        }
        for (Task<?> task : tasks) {
            if (!task.isDone()) { // one task may have ended another
                task.drop(new CancellationException("the executor was closed"));
            }
        }
    }
}
