package io.trale.reactive;

import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.task.Executor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.NonBlocking;
import reactor.util.context.Context;

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

    /// Every descriptor that is open, with what ends it. For the loop alone.
    private final Map<Descriptor, Runnable> open = new LinkedHashMap<>();
    private boolean closing;

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

    /// Has `end` run when the loop closes, unless `descriptor` was closed before; at once if it closes already, as it may
    /// for what had succeeded when it was told to. Loop thread.
    void opened(Descriptor descriptor, Runnable end) {
        if (closing) {
            end.run();
        } else {
            open.put(descriptor, end);
            descriptor.whenClosed(() -> open.remove(descriptor));
        }
    }

    /// True from the moment on at which all that is open is ended. Loop thread.
    boolean isClosing() {
        return closing || !reactor.isAccepting();
    }

    /// Ends all that is open, and then the thread. Any thread; only others than the loop's wait for the end.
    void close() {
        run(() -> {
            closing = true;
            List.copyOf(open.values()).forEach(Loop::end);
            executor.close();
        });
        executor.close();
    }

    /// A subscriber that throws is no reason for others not to learn of the end.
    private static void end(Runnable end) {
        try {
            end.run();
        } catch (Throwable t) {
            Exceptions.throwIfJvmFatal(t);
            Operators.onErrorDropped(t, Context.empty());
        }
    }

    /// Tells `subscriber` the end: `failure`, or completion if that is null. What it throws (§2.13: it must not) goes to the
    /// drop hook, and keeps nobody else from what is to come. Loop thread.
    static void tellEnd(CoreSubscriber<?> subscriber, @Nullable Throwable failure) {
        try {
            if (failure != null) {
                subscriber.onError(failure);
            } else {
                subscriber.onComplete();
            }
        } catch (Throwable t) {
            Exceptions.throwIfJvmFatal(t);
            Operators.onErrorDropped(t, subscriber.currentContext());
        }
    }

    /// What those are told who ask for no element, or fewer.
    static IllegalArgumentException badRequest() {
        return new IllegalArgumentException("§3.9: request must be positive");
    }

    /// What those are told whose source ends with the loop.
    static ConnectionClosedException closedException() {
        return new ConnectionClosedException("the loop is closed");
    }
}
