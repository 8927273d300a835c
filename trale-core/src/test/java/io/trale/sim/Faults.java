package io.trale.sim;

import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/// The probability of each [Fault], from 0 (never) to 1. Immutable.
public final class Faults {

    /// No faults.
    public static final Faults NONE = of(fault -> 0);

    /// All faults that lose no data and fail no operation.
    public static final Faults HARMLESS = of(fault -> fault.harmless ? fault.usual : 0);

    /// All faults.
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

    /// A copy in which `fault` has that probability.
    public Faults with(Fault fault, double probability) {
        return of(other -> other == fault ? probability : of(other));
    }

    /// A copy in which each of `faults` has its usual probability.
    public Faults with(Fault... faults) {
        Faults more = this;
        for (Fault fault : faults) {
            more = more.with(fault, fault.usual);
        }
        return more;
    }

    /// A copy without about half of the faults. Runs without a fault can find failures that the fault hides.
    public Faults someOf(SplittableRandom random) {
        return of(fault -> random.nextBoolean() ? of(fault) : 0);
    }
}
