package io.trale.sim;

import java.util.ArrayDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Another thread than the loop's, in strict hand-over: while one runs, the other waits.
final class Foreign {

    private static final ExecutorService THREAD = Executors.newSingleThreadExecutor(
            body -> Thread.ofPlatform().name("foreign").daemon().unstarted(body));

    private final ArrayDeque<Runnable> steps = new ArrayDeque<>();

    void add(Runnable step) {
        steps.add(step);
    }

    boolean isEmpty() {
        return steps.isEmpty();
    }

    /// Takes the next step.
    Runnable next() {
        return steps.remove();
    }

    /// Runs `step` there, and returns when it has ended.
    static void runNow(Runnable step) {
        boolean interrupted = false;
        var running = THREAD.submit(step);
        while (true) {
            try {
                running.get();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (ExecutionException e) {
                throw new AssertionError("a step on a foreign thread failed", e.getCause());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
