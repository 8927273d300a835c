package io.trale.testing;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.sim.SimKernel;

/// Polls another future a random number of times, and cancels it if it is not complete by then; sometimes also if it is complete.
public final class ImpatientFuture implements Future<Boolean> {

    private final SimKernel kernel;
    private final Future<?> future;
    private int patience;
    private boolean polled;

    /// Becomes the owner of `future`.
    public ImpatientFuture(SimKernel kernel, Future<?> future) {
        this.kernel = kernel;
        this.future = future;
        patience = kernel.random().nextInt(5);
    }

    @Override
    public boolean poll(Waker waker) {
        if (polled && kernel.random().nextInt(6) == 0) {
            patience = 0; // the future may be complete
        } else if (future.poll(waker)) {
            return true;
        }
        polled = true;
        if (--patience < 0) {
            future.cancel();
            return true;
        }
        switch (kernel.random().nextInt(3)) {
            case 0 -> waker.wake();
            case 1 -> kernel.foreign(waker::wake);
            default -> kernel.foreignAfter(1 + kernel.random().nextInt(1_000_000), waker::wake);
        }
        return false;
    }

    /// True if the other future is complete, false if it was cancelled.
    @Override
    public Boolean result() {
        return patience >= 0;
    }

    @Override
    public void cancel() {
        future.cancel();
    }
}
