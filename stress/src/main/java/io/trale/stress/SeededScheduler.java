package io.trale.stress;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import org.pastalab.fray.core.ThreadContext;
import org.pastalab.fray.core.randomness.ControlledRandom;
import org.pastalab.fray.core.randomness.Randomness;
import org.pastalab.fray.core.scheduler.POSScheduler;
import org.pastalab.fray.core.scheduler.RandomScheduler;
import org.pastalab.fray.core.scheduler.Scheduler;

/// Chooses the thread that makes the next step. A seed determines the algorithm and all choices. The next schedule has the
/// next seed. The algorithms alternate, since each finds faults that the others miss.
final class SeededScheduler extends Scheduler {

    /// Many times what any schedule needs, also the first, which loads the classes.
    static final int MAX_STEPS = 200_000;

    private final long seed;
    private final Scheduler algorithm;
    private volatile int steps;

    SeededScheduler(long seed) {
        super(new ControlledRandom(new ArrayList<>(), new ArrayList<>(), new Random(seed)));
        this.seed = seed;
        algorithm = switch ((int) Math.floorMod(seed, 3L)) {
            case 0 -> new RandomScheduler(getRand()); // any thread that can run
            case 1 -> new POSScheduler(getRand()); // by priority; threads that race with the step get new ones
            default -> new StopScheduler(getRand());
        };
    }

    long seed() {
        return seed;
    }

    /// How many steps were made. Any thread.
    int steps() {
        return steps;
    }

    @Override
    public ThreadContext scheduleNextOperation(List<ThreadContext> threads, Collection<ThreadContext> all) {
        steps++; // by one thread at a time
        if (steps > MAX_STEPS) {
            throw new AssertionError("no end after " + MAX_STEPS + " steps");
        }
        return algorithm.scheduleNextOperation(threads, all);
    }

    @Override
    public Scheduler nextIteration(Randomness unused) {
        return new SeededScheduler(seed + 1);
    }
}
