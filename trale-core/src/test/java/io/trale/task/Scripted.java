package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.function.Function;

/// A future for tests: complete when `step` says so; counts what is done to it.
final class Scripted<T> implements Future<T> {

    private final Function<Waker, Boolean> step;
    private T value;
    private Throwable failure;
    volatile Waker waker;
    volatile int polls;
    volatile int cancels;
    Runnable whenCancelled = () -> {};

    Scripted(Function<Waker, Boolean> step) {
        this.step = step;
    }

    /// Complete at the first poll.
    static <T> Scripted<T> ready(T value) {
        return new Scripted<T>(waker -> true).value(value);
    }

    /// Never complete.
    static <T> Scripted<T> pending() {
        return new Scripted<>(waker -> false);
    }

    Scripted<T> value(T value) {
        this.value = value;
        return this;
    }

    Scripted<T> failure(Throwable failure) {
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
