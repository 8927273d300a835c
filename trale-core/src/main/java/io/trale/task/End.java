package io.trale.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The end of an executor: whether it has come, and what happens then. Any thread.
final class End {

    private final CountDownLatch come = new CountDownLatch(1);
    private final List<Runnable> actions = new ArrayList<>();

    boolean hasCome() {
        return come.getCount() == 0;
    }

    /// Waits for it, or for an interrupt, which is kept. Returns false if the time was over before.
    boolean await(long timeoutNanos) {
        try {
            return come.await(timeoutNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /// Runs `action` when it comes, on its thread; at once if it has come.
    void then(Runnable action) {
        Objects.requireNonNull(action);
        synchronized (actions) {
            if (!hasCome()) {
                actions.add(action);
                return;
            }
        }
        action.run();
    }

    /// It has come.
    void come(Consumer<Throwable> uncaught) {
        List<Runnable> all;
        synchronized (actions) {
            come.countDown();
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
