package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.List;

/// Completes with the first of its futures that completes.
final class Select<T> implements Future<T> {

    private final List<Future<? extends T>> futures;
    private Future<? extends T> first;
    /// The result was taken or this was cancelled: the futures may have another owner.
    private boolean over;
    private final BoundLoop loop = new BoundLoop();

    Select(List<Future<? extends T>> futures) {
        if (futures.isEmpty()) {
            throw new IllegalArgumentException("select of no futures would never complete");
        }
        this.futures = futures;
    }

    @Override
    public boolean poll(Waker waker) {
        loop.enter();
        for (Future<? extends T> future : futures) {
            if (future.poll(waker)) {
                first = future;
                try {
                    cancelOthers();
                } catch (Throwable t) { // must not discard the value of the first
                    Executor.current().uncaught(t);
                }
                return true;
            }
        }
        return false;
    }

    @Override
    public T result() throws Exception {
        loop.check();
        over = true;
        return first.result();
    }

    @Override
    public void cancel() {
        loop.check();
        if (over) {
            return;
        }
        over = true;
        if (first != null) {
            first.cancel(); // the others were cancelled when it completed
        } else {
            cancelOthers();
        }
    }

    private void cancelOthers() {
        Throwable thrown = null;
        for (Future<? extends T> future : futures) {
            try {
                if (future != first) {
                    future.cancel();
                }
            } catch (Throwable t) { // the others are cancelled all the same
                if (thrown == null) {
                    thrown = t;
                } else {
                    thrown.addSuppressed(t);
                }
            }
        }
        switch (thrown) {
            case null -> { }
            case Error e -> throw e;
            case Throwable t -> throw (RuntimeException) t; // cancel() declares no checked exception
        }
    }
}
