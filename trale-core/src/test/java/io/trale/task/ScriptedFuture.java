package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.function.Function;

/// A future for tests: complete when `step` says so; counts what is done to it.
final class ScriptedFuture<T> implements Future<T> {

    private final Function<Waker, Boolean> step;
    private T value;
    private Throwable failure;
    volatile Waker waker;
    volatile int polls;
    volatile int cancels;
    Runnable whenCancelled = () -> {};

    ScriptedFuture(Function<Waker, Boolean> step) {
        this.step = step;
    }

    /// Complete at the first poll.
    static <T> ScriptedFuture<T> ready(T value) {
        return new ScriptedFuture<T>(waker -> true).value(value);
    }

    /// Never complete.
    static <T> ScriptedFuture<T> pending() {
        return new ScriptedFuture<>(waker -> false);
    }

    ScriptedFuture<T> value(T value) {
        this.value = value;
        return this;
    }

    ScriptedFuture<T> failure(Throwable failure) {
        this.failure = failure;
        return this;
    }

    @Override
    @SuppressWarnings("NonAtomicOperationOnVolatileField") // written by the loop thread only
    public boolean poll(Waker waker) {
        this.waker = waker;
        polls = polls + 1;
        return step.apply(waker);
    }

    @Override
    public T result() throws Exception {
        switch (failure) {
            case null -> {
                return value;
            }
            case Exception e -> throw e;
            case Error e -> throw e;
            default -> throw new AssertionError(failure);
        }
    }

    @Override
    public void cancel() {
        cancels = cancels + 1;
        whenCancelled.run();
    }
}
