package io.trale.testing;

import io.trale.future.Future;
import io.trale.future.Waker;

/// A future that is complete once somebody says so: how a scenario waits for what is not a future.
public final class SettableFuture implements Future<Void> {

    private static final Waker NOBODY = () -> { };

    private Waker waker = NOBODY;
    private boolean set;

    /// Not set yet.
    public SettableFuture() {}

    /// Completes it. Loop thread.
    public void set() {
        set = true;
        waker.wake();
    }

    /// True once it was set.
    public boolean isSet() {
        return set;
    }

    @Override
    public boolean poll(Waker waker) {
        this.waker = waker;
        return set;
    }

    @Override
    public Void result() {
        return null;
    }
}
