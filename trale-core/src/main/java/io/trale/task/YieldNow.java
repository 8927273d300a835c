package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;

/// Pending once, and runnable at once.
final class YieldNow implements Future<Void> {

    private boolean yielded;

    @Override
    public boolean poll(Waker waker) {
        if (!yielded) {
            yielded = true;
            waker.wake();
            return false;
        }
        return true;
    }

    @Override
    public Void result() {
        return null;
    }
}
