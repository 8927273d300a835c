package io.trale.sim;

import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/// The random choices of a run; all of them follow from its seed.
final class Dice {

    private static final long LATE_NANOS = 500_000;

    private final SplittableRandom random;
    private final int[] happened = new int[Fault.values().length];
    private Faults faults = Faults.NONE;

    Dice(long seed) {
        random = new SplittableRandom(seed);
    }

    SplittableRandom random() {
        return random;
    }

    /// Sets the faults that may happen from now on.
    void faults(Faults faults) {
        this.faults = faults;
    }

    /// Draws whether `fault` happens now.
    boolean fault(Fault fault) {
        boolean happens = chance(faults.of(fault));
        if (happens) {
            happened[fault.ordinal()]++;
        }
        return happens;
    }

    /// How often `fault` has happened.
    int happened(Fault fault) {
        return happened[fault.ordinal()];
    }

    boolean chance(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    int oneOf(int... values) {
        return values[below(values.length)];
    }

    /// A delay in nanoseconds; mostly 0.
    long lateness() {
        return fault(Fault.LATE) ? 1 + random.nextLong(LATE_NANOS) : 0;
    }

    /// The number of bytes that a transfer of `count` transfers, at least 1.
    int shorten(int count) {
        return count > 1 && fault(Fault.SHORT_TRANSFER) ? 1 + below(count - 1) : count;
    }

    /// Sorts `list`, the operations that became ready, into the order in which they complete.
    <T> void order(List<T> list) {
        if (list.size() > 1 && fault(Fault.LAST_FIRST)) {
            Collections.reverse(list);
        } else if (list.size() > 1 && fault(Fault.LATE)) {
            for (int i = list.size(); i > 1; i--) {
                list.set(i - 1, list.set(below(i), list.get(i - 1)));
            }
        }
    }
}
