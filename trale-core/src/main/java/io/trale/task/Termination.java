package io.trale.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The termination of an executor: whether it has happened, and the actions to run then. Any thread.
final class Termination {

    private final CountDownLatch done = new CountDownLatch(1);
    private final List<Runnable> actions = new ArrayList<>();

    boolean isDone() {
        return done.getCount() == 0;
    }

    /// Waits for termination or an interrupt; the interrupt status is kept. Returns false on timeout.
    boolean await(long timeoutNanos) {
        try {
            return done.await(timeoutNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /// Runs `action` on termination, on the thread that calls [#signal]; at once if the executor has terminated.
    void then(Runnable action) {
        Objects.requireNonNull(action);
        synchronized (actions) {
            if (!isDone()) {
                actions.add(action);
                return;
            }
        }
        action.run();
    }

    /// The executor has terminated. Runs all actions; `uncaught` gets what they throw.
    void signal(Consumer<Throwable> uncaught) {
        List<Runnable> all;
        synchronized (actions) {
            done.countDown();
            all = List.copyOf(actions);
        }
        for (Runnable action : all) {
            try {
                action.run();
            } catch (Throwable t) {
                uncaught.accept(t);
            }
        }
    }
}
