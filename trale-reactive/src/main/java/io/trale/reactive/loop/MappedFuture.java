package io.trale.reactive.loop;

import io.trale.future.Future;
import io.trale.future.Waker;

/// A future whose result is made of the result of another.
public final class MappedFuture<S, T> implements Future<T> {

    /// Makes the result, on the loop, once.
    @FunctionalInterface
    public interface Mapper<S, T> {
        T map(S result) throws Exception;
    }

    private final Future<? extends S> source;
    private final Mapper<? super S, ? extends T> mapper;

    public MappedFuture(Future<? extends S> source, Mapper<? super S, ? extends T> mapper) {
        this.source = source;
        this.mapper = mapper;
    }

    @Override
    public boolean poll(Waker waker) {
        return source.poll(waker);
    }

    @Override
    public T result() throws Exception {
        return mapper.map(source.result());
    }

    @Override
    public void cancel() {
        source.cancel();
    }
}
