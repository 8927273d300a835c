package io.trale.reactive.loop;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.concurrent.Callable;

/// A future that is complete at once, for calls that do not block but must be made on the loop.
public record ReadyFuture<T>(Callable<T> value) implements Future<T> {

    @Override
    public boolean poll(Waker waker) {
        return true;
    }

    @Override
    public T result() throws Exception {
        return value.call();
    }
}
