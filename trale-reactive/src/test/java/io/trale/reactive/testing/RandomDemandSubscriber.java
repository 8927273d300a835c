package io.trale.reactive.testing;

import io.trale.sim.SimKernel;
import java.util.List;
import java.util.SplittableRandom;

/// A subscriber with random demand on a simulated kernel: requests small amounts, late and on any thread, and cancels at any
/// moment.
public abstract class RandomDemandSubscriber<T> extends RuleCheckingSubscriber<T> {

    protected final SimKernel kernel;

    protected RandomDemandSubscriber(SimKernel kernel, List<String> breaches) {
        super(breaches);
        this.kernel = kernel;
    }

    /// Runs `step` now, or later on another thread.
    public static void onAnyThread(SimKernel kernel, Runnable step) {
        switch (kernel.random().nextInt(3)) {
            case 0 -> kernel.foreign(step);
            case 1 -> kernel.foreignAfter(1 + kernel.random().nextLong(500_000), step);
            default -> step.run();
        }
    }

    /// Receives an element.
    protected abstract void take(T element);

    /// Called after its cancel. Any thread.
    protected abstract void cancelled();

    @Override
    protected final void start() {
        act();
    }

    private void act() {
        SplittableRandom random = kernel.random();
        if (random.nextInt(6) == 0) {
            onAnyThread(kernel, this::cancelOnce);
        } else {
            long n = random.nextInt(5) == 0 ? Integer.MAX_VALUE : 1 + random.nextInt(3);
            onAnyThread(kernel, () -> request(n));
            if (n > 3) {
                kernel.foreignAfter(random.nextLong(1_000_000), this::cancelOnce);
            }
        }
    }

    private void cancelOnce() {
        if (!isOver()) {
            cancel();
            cancelled();
        }
    }

    @Override
    protected final void element(T element) {
        take(element);
        if (isOver()) {
            return;
        }
        if (kernel.random().nextBoolean()) {
            act();
        } else {
            kernel.foreign(() -> {
                if (!isOver()) {
                    act();
                }
            });
        }
    }
}
