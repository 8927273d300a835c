package io.trale.sim;

import io.trale.future.Future;
import io.trale.future.Waker;

/// Awaits another future for a while, and gives it up if that takes too long, or although it is complete by now. The dice
/// say how long.
public final class Impatient implements Future<Boolean> {

    private final SimKernel kernel;
    private final Future<?> future;
    private int patience;
    private boolean polled;

    /// Owns `future`.
    public Impatient(SimKernel kernel, Future<?> future) {
        this.kernel = kernel;
        this.future = future;
        patience = kernel.dice.below(5);
    }

    @Override
    public boolean poll(Waker waker) {
        if (polled && kernel.dice.below(6) == 0) {
            patience = 0; // perhaps it is complete: nobody has looked
        } else if (future.poll(waker)) {
            return true;
        }
        polled = true;
        if (--patience < 0) {
            future.cancel();
            return true;
        }
        switch (kernel.dice.below(3)) {
            case 0 -> waker.wake();
            case 1 -> kernel.foreign(waker::wake);
            default -> kernel.foreignAfter(1 + kernel.dice.below(1_000_000), waker::wake);
        }
        return false;
    }

    /// True if the other future is complete, false if it was given up.
    @Override
    public Boolean result() {
        return patience >= 0;
    }

    @Override
    public void cancel() {
        future.cancel();
    }
}
