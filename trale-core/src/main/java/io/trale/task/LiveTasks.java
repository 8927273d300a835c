package io.trale.task;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// The tasks of an executor that have not ended, and those that have failed and nobody waited. Loop thread.
final class LiveTasks {

    /// A list through the tasks' own links, so that one that ends leaves it at once.
    private Task<?> first;
    private int count;
    /// Tasks that failed this turn, and nobody waited.
    private final ArrayDeque<Task<?>> unjoined = new ArrayDeque<>();
    private final Consumer<Throwable> reporter;

    /// `reporter` is told of failures that nobody else learns of.
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

    /// A task came to its end, by a failure that nobody waits for or in any other way.
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
        task.previousLive = null; // or whoever keeps its handle keeps its neighbours, and theirs, for ever
        task.nextLive = null;
        count--;
        if (isUnjoined) {
            unjoined.add(task);
        }
    }

    /// Reports the failures that nobody has asked for until now.
    void reportUnjoined() {
        for (Task<?> task; (task = unjoined.poll()) != null;) {
            Throwable failure = task.untakenFailure();
            if (failure != null && !Outcome.isCancel(failure)) {
                reporter.accept(failure);
            }
        }
    }

    /// Ends them all, since their executor closes.
    void dropAll() {
        List<Task<?>> tasks = new ArrayList<>(count);
        for (Task<?> task = first; task != null; task = task.nextLive) {
            tasks.add(task);
        }
        for (Task<?> task : tasks) {
            if (!task.isDone()) { // one may end another
                task.drop(new CancellationException("the executor was closed"));
            }
        }
    }
}
