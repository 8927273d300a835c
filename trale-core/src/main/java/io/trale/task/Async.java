package io.trale.task;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

/// Futures written as straight-line code, and futures made of futures.
///
/// ```java
/// Executor.spawn(async(() -> {
///     await(Timer.sleep(Duration.ofSeconds(2)));
///     println("Hello A!");
/// }));
/// Executor.run();
/// ```
///
/// Each combinator owns what it is given: it cancels what it no longer needs, and forwards its own cancel.
public final class Async {

    /// Code of an async block that returns nothing.
    @FunctionalInterface
    public interface Body {
        /// Runs the code. What it throws is what the block's future fails with.
        void run() throws Exception;
    }

    private Async() {}

    /// A future that runs `body`, from its first poll on, until it is complete with what `body` returned or threw. Inside,
    /// [#await] suspends the code and lets the executor run others.
    ///
    /// If the future is cancelled, the `await` under way, or the next one, throws
    /// [java.util.concurrent.CancellationException], once; `finally` clauses run, and may await again. If they throw, that is
    /// for the executor's uncaught handler. A block that has not begun is dropped.
    ///
    /// A block that waits takes some 900 bytes of heap, at most 1,200, with its task and what it awaits, and what its own
    /// frames hold beyond one call; code that is not compiled yet takes twice as much.
    public static <T> Future<T> async(Callable<? extends T> body) {
        return new Block<>(body);
    }

    /// As [#async(Callable)], for code that returns nothing.
    public static Future<Void> async(Body body) {
        Objects.requireNonNull(body);
        return new Block<>(() -> {
            body.run();
            return null;
        });
    }

    /// Suspends the async block that calls this until `future` is complete; returns its value or throws its failure, on
    /// whose stack trace the caller's lines are. Throws [IllegalStateException] outside of an async block.
    public static <T> T await(Future<T> future) throws Exception {
        Block.current().await(future);
        return future.result();
    }

    /// As [#await(Future)], without boxing.
    public static int await(IntFuture future) throws IOException {
        Block.current().await(future);
        return future.resultAsInt();
    }

    /// Lets every other task that is runnable run before the caller goes on.
    public static Future<Void> yieldNow() {
        return new YieldNow();
    }

    /// Completes as the first of `futures` does that completes; the others are cancelled.
    @SafeVarargs
    @SuppressWarnings("varargs") // only read
    public static <T> Future<T> select(Future<? extends T>... futures) {
        return new Select<>(List.of(futures));
    }

    /// Completes with the values of all `futures`, in their order. If one fails, the others are cancelled and this fails.
    /// Then, and when this is cancelled, nobody gets the values that have come by then: the [AutoCloseable] ones, such as
    /// connections and the guards of mutexes, are closed.
    @SafeVarargs
    @SuppressWarnings("varargs") // only read
    public static <T> Future<List<T>> join(Future<? extends T>... futures) {
        return new Join<>(List.of(futures));
    }

    /// Completes as `future` does, or fails with [java.util.concurrent.TimeoutException] when `duration` has passed since
    /// this call, or since the first poll if the thread that calls has no executor; `future` is then cancelled.
    public static <T> Future<T> timeout(Future<T> future, Duration duration) {
        return new Timeout<>(future, duration);
    }

    /// True if blocks run on the loop's own thread, which takes
    /// `--add-opens java.base/java.lang=io.trale.core` (`=ALL-UNNAMED` on the class path). Otherwise each suspension costs
    /// two thread switches, and a block that blocks, blocks the loop.
    public static boolean isFast() {
        return Coroutine.isFast();
    }
}
