package io.trale.testing;

import io.trale.future.Future;
import io.trale.future.Waker;

/// A script: futures that are awaited one after the other.
public abstract class Script implements Future<Void> {

    private Future<?> step;
    private Exception failure;

    /// For subclasses.
    protected Script() {}

    /// The next future to wait for, or null at the end. `last` is the one before, which is complete; null at first.
    protected abstract Future<?> next(Future<?> last) throws Exception;

    @Override
    public final boolean poll(Waker waker) {
        try {
            while (true) {
                if (step != null && !step.poll(waker)) {
                    return false;
                }
                Future<?> last = step;
                step = null;
                step = next(last);
                if (step == null) {
                    return true;
                }
            }
        } catch (Exception e) {
            failure = e;
            return true;
        }
    }

    @Override
    public final Void result() throws Exception {
        if (failure != null) {
            throw failure;
        }
        return null;
    }

    @Override
    public void cancel() {
        if (step != null) {
            step.cancel();
        }
    }
}
