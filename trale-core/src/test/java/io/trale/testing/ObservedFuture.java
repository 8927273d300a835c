package io.trale.testing;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.function.Predicate;

/// A future that passes all calls to another one, and runs an action once after a poll.
public final class ObservedFuture<T> implements Future<T> {

    private final Future<T> future;
    private final Predicate<Boolean> when;
    private Runnable action;

    private ObservedFuture(Future<T> future, Predicate<Boolean> when, Runnable action) {
        this.future = future;
        this.when = when;
        this.action = action;
    }

    /// Runs `action` after the first poll.
    public static <T> ObservedFuture<T> afterFirstPoll(Future<T> future, Runnable action) {
        return new ObservedFuture<>(future, complete -> true, action);
    }

    /// Runs `action` when `future` is complete.
    public static <T> ObservedFuture<T> onCompletion(Future<T> future, Runnable action) {
        return new ObservedFuture<>(future, complete -> complete, action);
    }

    @Override
    public boolean poll(Waker waker) {
        boolean complete = future.poll(waker);
        if (action != null && when.test(complete)) {
            Runnable once = action;
            action = null;
            once.run();
        }
        return complete;
    }

    @Override
    public T result() throws Exception {
        return future.result();
    }

    @Override
    public void cancel() {
        future.cancel();
    }
}
