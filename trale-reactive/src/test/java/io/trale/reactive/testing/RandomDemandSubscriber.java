package io.trale.reactive.testing;

import io.trale.sim.SimKernel;
import java.util.List;
import java.util.SplittableRandom;

/// A subscriber with whims, on a simulated kernel: asks for a little, asks late and from anywhere, and gives up at any moment.
public abstract class RandomDemandSubscriber<T> extends RuleCheckingSubscriber<T> {

    protected final SimKernel kernel;

    protected RandomDemandSubscriber(SimKernel kernel, List<String> breaches) {
        super(breaches);
        this.kernel = kernel;
    }

    /// Runs `step` now, or on another thread some time later.
    public static void somehow(SimKernel kernel, Runnable step) {
        switch (kernel.random().nextInt(3)) {
            case 0 -> kernel.foreign(step);
            case 1 -> kernel.foreignAfter(1 + kernel.random().nextLong(500_000), step);
            default -> step.run();
        }
    }

    /// Takes an element.
    protected abstract void take(T element);

    /// Called when it has given up. Any thread.
    protected abstract void left();

    @Override
    protected final void start() {
        whim();
    }

    private void whim() {
        SplittableRandom random = kernel.random();
        if (random.nextInt(6) == 0) {
            somehow(kernel, this::leave);
        } else {
            long n = random.nextInt(5) == 0 ? Integer.MAX_VALUE : 1 + random.nextInt(3);
            somehow(kernel, () -> request(n));
            if (n > 3) {
                kernel.foreignAfter(random.nextLong(1_000_000), this::leave);
            }
        }
    }

    private void leave() {
        if (!isOver()) {
            cancel();
            left();
        }
    }

    @Override
    protected final void element(T element) {
        take(element);
        if (isOver()) {
            return;
        }
        if (kernel.random().nextBoolean()) {
            whim();
        } else {
            kernel.foreign(() -> {
                if (!isOver()) {
                    whim();
                }
            });
        }
    }
}
