package io.trale.sim;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// What is around the calls of a simulated kernel: the dice, the time, other threads, and what it may do and forbid.
abstract sealed class SimWorld permits SimKernel {

    private static final boolean PRINT = Boolean.getBoolean("trale.sim.trace");

    private final long seed;
    private final Set<Capability> lacking = EnumSet.noneOf(Capability.class);
    final Dice dice;
    final SimTime time = new SimTime();
    final SimThread foreign = new SimThread(this);

    /// Waits until a thread other than the loop has called; null if there are only those of [SimThread].
    Runnable sleep;

    private int socketBufferBytes = 64 << 10;
    private boolean strict;
    private long hash;
    private AssertionError failure;

    SimWorld(long seed) {
        this.seed = seed;
        dice = new Dice(seed);
    }

    // ---- how it behaves

    private SimKernel kernel() {
        return (SimKernel) this;
    }

    /// What may go wrong from now on.
    public SimKernel faults(Faults faults) {
        dice.faults(faults);
        return kernel();
    }

    /// Takes a capability away.
    public SimKernel without(Capability... lacking) {
        this.lacking.addAll(List.of(lacking));
        return kernel();
    }

    boolean has(Capability capability) {
        return !lacking.contains(capability);
    }

    Set<Capability> lacking() {
        return lacking;
    }

    /// The size of each of the two buffers of each socket that is made from now on.
    public SimKernel socketBufferBytes(int bytes) {
        socketBufferBytes = bytes;
        return kernel();
    }

    int socketBufferBytes() {
        return socketBufferBytes;
    }

    /// Forbids what the real kernel allows and nobody sane does: to close a descriptor while operations are in flight on
    /// it, and to submit one on, or write to, a descriptor that is closed. Numbers are reused at once, so all of that
    /// ends in somebody else's file.
    public SimKernel strict() {
        strict = true;
        return kernel();
    }

    boolean isStrict() {
        return strict;
    }

    /// What everything follows from.
    public long seed() {
        return seed;
    }

    /// The generator of this run, for scenarios to draw from as well.
    public SplittableRandom random() {
        return dice.random();
    }

    // ---- what happened

    /// A digest of all that happened so far: equal for equal runs.
    public long hash() {
        return hash;
    }

    void trace(String what, long a, long b, long c) {
        hash = 31 * (31 * (31 * (31 * (31 * hash + what.hashCode()) + a) + b) + c) + time.now();
        if (PRINT) {
            System.out.printf("%,d %s %d %d %d%n", time.now(), what, a, b, c);
        }
    }

    /// How often `fault` has happened.
    public int happened(Fault fault) {
        return dice.happened(fault);
    }

    /// Ends the run: for `throw`.
    public AssertionError failed(String message) {
        AssertionError error = new AssertionError("seed " + seed + ": " + message);
        if (failure == null) {
            failure = error;
        }
        return error;
    }

    boolean hasFailed() {
        return failure != null;
    }

    /// Throws the first failure of this run, if there was one.
    public void throwFailure() {
        if (failure != null) {
            throw new AssertionError(failure.getMessage(), failure);
        }
    }

    void checkNotFailed() {
        if (failure != null) {
            throw new AssertionError("the run has failed before", failure);
        }
    }

    // ---- time and other threads

    /// Runs `action` on the loop thread, inside a call that it makes, at `delayNanos` from now: something that happens
    /// outside.
    public void after(long delayNanos, Runnable action) {
        time.after(delayNanos, action);
    }

    /// Has something happen now, or a little later.
    void soon(Runnable action) {
        long late = dice.lateness();
        if (late == 0) {
            action.run();
        } else {
            time.after(late, action);
        }
    }

    /// Has `step` run on another thread, some time from now, while the loop thread is inside a call. Steps run in order.
    public void foreign(Runnable step) {
        foreign.add(step);
    }

    /// As [#foreign(Runnable)], not before `delayNanos` have passed.
    public void foreignAfter(long delayNanos, Runnable step) {
        time.after(delayNanos, () -> foreign.take(step));
    }

    /// The run is over: the step under way ends, and those that wait do not begin.
    public void endForeign() {
        foreign.end();
    }

    /// Runs the steps that have not had their turn: after the end of everything else, as it may happen.
    public void runForeignToEnd() {
        while (foreign.proceed()) {
            trace("late", 0, 0, 0);
        }
    }
}
