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
/// Each combinator owns its arguments: it cancels futures that it no longer needs, and forwards its own cancel.
public final class Async {

    /// Code of an async block that returns nothing.
    @FunctionalInterface
    public interface Body {
        /// Runs the code. If it throws, the future of the block fails with that.
        void run() throws Exception;
    }

    private Async() {}

    /// A future that runs `body` from its first poll on, and completes with what `body` returns or throws. In `body`, [#await]
    /// suspends the code, and the executor runs other tasks.
    ///
    /// If the future is cancelled, the current or the next `await` throws [java.util.concurrent.CancellationException], once.
    /// `finally` clauses run, and may await again. The executor's uncaught handler gets what they throw. A block that has not
    /// begun never runs.
    ///
    /// A waiting block takes about 900 bytes of heap, at most 1,200, including its task and the awaited future; frames beyond one
    /// call come on top. Code that is not compiled yet takes twice as much.
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

    /// Suspends the calling async block until `future` is complete; returns its value or throws its failure. The stack trace of
    /// the failure shows the caller. Throws [IllegalStateException] outside of an async block.
    public static <T> T await(Future<T> future) throws Exception {
        Block.current().await(future);
        return future.result();
    }

    /// As [#await(Future)], without boxing.
    public static int await(IntFuture future) throws IOException {
        Block.current().await(future);
        return future.resultAsInt();
    }

    /// Completes after every other task that is runnable has run.
    public static Future<Void> yieldNow() {
        return new YieldNow();
    }

    /// Completes with the first of `futures` that completes, and cancels the others.
    @SafeVarargs
    @SuppressWarnings("varargs") // only read
    public static <T> Future<T> select(Future<? extends T>... futures) {
        return new Select<>(List.of(futures));
    }

    /// Completes with the values of all `futures`, in their order. If one fails, this fails and cancels the others. If this fails
    /// or is cancelled, the values that were complete by then are discarded; [AutoCloseable] ones, such as connections and guards
    /// of mutexes, are closed.
    @SafeVarargs
    @SuppressWarnings("varargs") // only read
    public static <T> Future<List<T>> join(Future<? extends T>... futures) {
        return new Join<>(List.of(futures));
    }

    /// Completes with `future`, or cancels it after `duration` and fails with [java.util.concurrent.TimeoutException]. The duration
    /// begins with this call, or with the first poll if the calling thread has no executor.
    public static <T> Future<T> timeout(Future<T> future, Duration duration) {
        return new Timeout<>(future, duration);
    }

    /// True if blocks run on the loop thread. This needs `--add-opens java.base/java.lang=io.trale.core` (`=ALL-UNNAMED` on the
    /// class path). Otherwise each suspension costs two thread switches, and a blocking call in a block blocks the loop.
    public static boolean isFast() {
        return Coroutine.isFast();
    }
}
