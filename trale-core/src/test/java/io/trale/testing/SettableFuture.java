package io.trale.testing;

import io.trale.future.Future;
import io.trale.future.Waker;

/// A future that a test completes.
public final class SettableFuture implements Future<Void> {

    private static final Waker NONE = () -> { };

    private Waker waker = NONE;
    private boolean set;

    /// Creates a pending future.
    public SettableFuture() {}

    /// Completes the future. Loop thread.
    public void set() {
        set = true;
        waker.wake();
    }

    /// True once [#set] was called.
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
