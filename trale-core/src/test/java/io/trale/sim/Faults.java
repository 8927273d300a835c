package io.trale.sim;

import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/// How often each [Fault] happens, from 0 (never) to 1. Immutable.
public final class Faults {

    /// The kernel as it is on a good day.
    public static final Faults NONE = of(fault -> 0);

    /// Everything that loses nothing: no accept fails, no connection breaks, no transfer is interrupted.
    public static final Faults HARMLESS = of(fault -> fault.harmless ? fault.usual : 0);

    /// Everything.
    public static final Faults ALL = of(fault -> fault.usual);

    private final Map<Fault, Double> probabilities;

    private Faults(Map<Fault, Double> probabilities) {
        this.probabilities = probabilities;
    }

    private static Faults of(ToDoubleFunction<Fault> probability) {
        Map<Fault, Double> probabilities = new EnumMap<>(Fault.class);
        for (Fault fault : Fault.values()) {
            probabilities.put(fault, probability.applyAsDouble(fault));
        }
        return new Faults(probabilities);
    }

    double of(Fault fault) {
        return probabilities.get(fault);
    }

    /// As this, with `fault` that often.
    public Faults with(Fault fault, double probability) {
        return of(other -> other == fault ? probability : of(other));
    }

    /// As this, with each of `faults` as often as is usual.
    public Faults with(Fault... faults) {
        Faults more = this;
        for (Fault fault : faults) {
            more = more.with(fault, fault.usual);
        }
        return more;
    }

    /// Each fault of this with a probability of one half, else not at all: runs in which some never happen find what runs
    /// with all of them hide.
    public Faults someOf(SplittableRandom random) {
        return of(fault -> random.nextBoolean() ? of(fault) : 0);
    }
}
