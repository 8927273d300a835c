package io.trale.reactive;

import io.trale.reactor.Reactor;
import io.trale.task.Executor;
import java.util.concurrent.RejectedExecutionException;
import reactor.core.scheduler.NonBlocking;

/// The thread that everything of one [Trale] happens on.
final class Loop {

    /// Reactor refuses `block()` on threads of this kind.
    static final class LoopThread extends Thread implements NonBlocking {
        LoopThread(Runnable body) {
            super(body);
        }
    }

    final String name;
    final Executor executor;
    final Reactor reactor;

    Loop(String name, Executor executor) {
        this.name = name;
        this.executor = executor;
        reactor = executor.reactor();
    }

    /// True on the loop thread. Any thread.
    boolean isCurrent() {
        return reactor.onLoop();
    }

    /// True when nothing runs on the loop any more. Any thread.
    boolean isClosed() {
        return executor.isClosed();
    }

    /// Runs `action` on the loop, later. Any thread. Returns false if the loop has ended.
    boolean execute(Runnable action) {
        try {
            executor.execute(action);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /// Runs `action` on the loop: now if this is it, else later. Returns false if the loop has ended.
    boolean run(Runnable action) {
        if (isCurrent()) {
            action.run();
            return true;
        }
        return execute(action);
    }
}
