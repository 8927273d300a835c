package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.List;

/// The first of several futures.
final class Select<T> implements Future<T> {

    private final List<Future<? extends T>> futures;
    private Future<? extends T> first;

    Select(List<Future<? extends T>> futures) {
        if (futures.isEmpty()) {
            throw new IllegalArgumentException("select of no futures would never complete");
        }
        this.futures = futures;
    }

    @Override
    public boolean poll(Waker waker) {
        for (Future<? extends T> future : futures) {
            if (future.poll(waker)) {
                first = future;
                cancelOthers();
                return true;
            }
        }
        return false;
    }

    @Override
    public T result() throws Exception {
        return first.result();
    }

    @Override
    public void cancel() {
        cancelOthers();
    }

    private void cancelOthers() {
        RuntimeException thrown = null;
        for (Future<? extends T> future : futures) {
            try {
                if (future != first) {
                    future.cancel();
                }
            } catch (RuntimeException e) { // the others are given up all the same
                if (thrown == null) {
                    thrown = e;
                } else {
                    thrown.addSuppressed(e);
                }
            }
        }
        if (thrown != null) {
            throw thrown;
        }
    }
}
