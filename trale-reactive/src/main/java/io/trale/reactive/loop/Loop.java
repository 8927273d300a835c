package io.trale.reactive.loop;

import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.task.Executor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.NonBlocking;
import reactor.util.context.Context;

/// The loop of one [io.trale.reactive.Trale]: its thread, and what is open on it.
public final class Loop {

    /// Reactor refuses `block()` on threads of this kind.
    public static final class LoopThread extends Thread implements NonBlocking {
        public LoopThread(Runnable body) {
            super(body);
        }
    }

    /// The delay of the terminal signal if the subscription is made after the end.
    private static final long PAUSE_NANOS = 10_000_000;
    private static final Duration EXIT_CHECK = Duration.ofMillis(100);

    public final String name;
    public final Executor executor;
    public final Reactor reactor;

    /// All that is open or under way, with what ends it. For the loop alone.
    private final Map<Object, Runnable> open = new LinkedHashMap<>();
    private boolean closing;
    private final Sinks.Empty<Void> closed = Sinks.empty();

    public Loop(String name, Executor executor) {
        this.name = name;
        this.executor = executor;
        reactor = executor.reactor();
        executor.onClose(closed::tryEmitEmpty);
    }

    /// Completes when the ring and its memory are freed. Any thread.
    public Mono<Void> onClose() {
        return closed.asMono();
    }

    /// True on the loop thread. Any thread.
    public boolean isCurrent() {
        return reactor.onLoop();
    }

    /// True when nothing runs on the loop any more. Any thread.
    public boolean isClosed() {
        return executor.isClosed();
    }

    /// Runs `action` on the loop, later. Any thread. Returns false if the loop has ended.
    public boolean execute(Runnable action) {
        try {
            executor.execute(action);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /// Runs `action` on the loop: now if this is it, else later. Returns false if the loop has ended.
    public boolean run(Runnable action) {
        if (isCurrent()) {
            action.run();
            return true;
        }
        return execute(action);
    }

    /// Runs `action` on the loop in a later turn, never inside this call. Any thread.
    ///
    /// If the loop closes, runs `otherwise` instead, at the end of the loop: `retry` inside of it cannot delay that end. If the
    /// loop has ended, runs `otherwise` on another thread, after a short pause: `retry` inside of it cannot use up a core.
    public void later(Runnable action, Runnable otherwise) {
        if (!isClosed() && isCurrent() && isClosing()) {
            executor.onClose(otherwise);
        } else if (isClosed() || !execute(action)) {
            Thread.startVirtualThread(() -> {
                LockSupport.parkNanos(PAUSE_NANOS);
                otherwise.run();
            });
        }
    }

    /// Reports an error that has no other way to be seen, as the executor reports what its jobs throw. Any thread.
    public void uncaught(Throwable failure) {
        if (!execute(() -> {
            throw failure instanceof Error error ? error : new AssertionError(failure);
        })) {
            Operators.onErrorDropped(failure, Context.empty());
        }
    }

    /// Has `end` run when the loop closes, unless `descriptor` is closed before. Runs it at once if the loop closes already.
    /// If this throws, for want of memory, the caller closes `descriptor`. Loop thread.
    public void opened(Descriptor descriptor, Runnable end) {
        if (closing) {
            end.run();
        } else {
            descriptor.whenClosed(() -> ended(descriptor));
            begun(descriptor, end);
        }
    }

    /// Has `end` run when the loop closes, unless [#ended] is called before. Loop thread.
    void begun(Object work, Runnable end) {
        open.put(work, end);
    }

    /// Undoes [#begun]. Loop thread.
    void ended(Object work) {
        open.remove(work);
    }

    /// True once all that is open is being ended. Loop thread.
    public boolean isClosing() {
        return closing || !reactor.isAccepting();
    }

    /// True while `descriptor` may be used: neither it nor the loop is being closed. Loop thread.
    public boolean isOpen(Descriptor descriptor) {
        return descriptor.isOpen() && !isClosing();
    }

    /// Ends all that is open, then the thread. On the loop thread this returns at once; on others it waits for the end.
    public void close() {
        run(() -> {
            closing = true;
            List.copyOf(open.values()).forEach(this::end);
            executor.close();
        });
        executor.close();
    }

    /// Emits if the loop thread waits for the shutdown hooks in [System#exit], so that nothing happens on it any more.
    public Mono<Long> exit() {
        return Flux.interval(Duration.ZERO, EXIT_CHECK).filter(tick -> reactor.isExiting()).next();
    }

    /// A subscriber that throws does not keep the others from their end.
    private void end(Runnable end) {
        try {
            end.run();
        } catch (Throwable t) {
            threw(t, Context.empty(), this::uncaught);
        }
    }

    /// Signals `failure` to `subscriber`, or completion if that is null. If it throws (§2.13: it must not): see [#threw]. Loop
    /// thread.
    public static void tellEnd(CoreSubscriber<?> subscriber, @Nullable Throwable failure, Consumer<? super Throwable> fatal) {
        try {
            if (failure != null) {
                subscriber.onError(failure);
            } else {
                subscriber.onComplete();
            }
        } catch (Throwable t) {
            threw(t, subscriber.currentContext(), fatal);
        }
    }

    /// Handles what user code threw out of a call that must not throw; nothing of it reaches the loop. A fatal error of the JVM
    /// ([Exceptions#isJvmFatal]), which operators do not catch, goes to `fatal`, which ends the pipeline and its connection, and
    /// reports the error once. Everything else goes to the drop hook of `context`.
    public static void threw(Throwable t, Context context, Consumer<? super Throwable> fatal) {
        if (Exceptions.isJvmFatal(t)) {
            fatal.accept(t);
        } else {
            Operators.onErrorDropped(t, context);
        }
    }

    /// The error of a subscriber that requests no element, or fewer.
    public static IllegalArgumentException badRequest() {
        return new IllegalArgumentException("§3.9: request must be positive");
    }

    /// The error of a source that ends with the loop.
    public static ConnectionClosedException closedException() {
        return new ConnectionClosedException(null, "the loop is closed");
    }
}
