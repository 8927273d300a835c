package io.trale.testing;

import io.trale.future.Future;
import io.trale.future.Waker;

/// A sequence of futures, awaited one after the other.
public abstract class Script implements Future<Void> {

    private Future<?> step;
    private Exception failure;

    /// Creates a script that has not begun.
    protected Script() {}

    /// The next future to await, or null at the end. `last` is the previous future, which is complete; null in the first call.
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
