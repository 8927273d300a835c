package io.trale.sim;

import io.trale.uring.Opcode;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// The base of the simulated kernel: seed, faults, capabilities, virtual time and foreign threads.
abstract sealed class SimWorld permits SimKernel {

    private static final boolean PRINT = Boolean.getBoolean("trale.sim.trace");

    private final long seed;
    private final Set<Capability> lacking = EnumSet.noneOf(Capability.class);
    final Dice dice;
    final SimTime time = new SimTime();
    final SimThread foreign = new SimThread(this);

    /// Waits until a real thread has made a call; null if there are no threads but [SimThread].
    Runnable sleep;

    private int socketBufferBytes = 64 << 10;
    /// The operation whose next completion is overstated, or null.
    private Opcode overstated;
    private boolean garbled;
    private boolean strict;
    private long hash;
    private AssertionError failure;

    SimWorld(long seed) {
        this.seed = seed;
        dice = new Dice(seed);
    }

    // ---- behaviour

    private SimKernel kernel() {
        return (SimKernel) this;
    }

    /// Sets the faults that may happen from now on.
    public SimKernel faults(Faults faults) {
        dice.faults(faults);
        return kernel();
    }

    /// Removes capabilities.
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

    /// Sets the sizes of the send and the receive buffer of each new socket.
    public SimKernel socketBufferBytes(int bytes) {
        socketBufferBytes = bytes;
        return kernel();
    }

    int socketBufferBytes() {
        return socketBufferBytes;
    }

    /// Fails the run on errors that the real kernel accepts: a close of a descriptor with operations in flight, and a submission
    /// or a write to a closed descriptor. Numbers are reused at once, so each of them could reach another file.
    public SimKernel strict() {
        strict = true;
        return kernel();
    }

    boolean isStrict() {
        return strict;
    }

    /// The seed of this run.
    public long seed() {
        return seed;
    }

    /// The random generator of this run, also for scenarios.
    public SplittableRandom random() {
        return dice.random();
    }

    /// Makes the next completion of `opcode` with a positive result claim `Integer.MAX_VALUE` bytes. No array is that long, so
    /// that a copy of the bytes ends with an [OutOfMemoryError].
    public void overstateNext(Opcode opcode) {
        overstated = opcode;
    }

    /// The result that a completion of `opcode` reports.
    int reported(Opcode opcode, int result) {
        if (opcode != overstated || result <= 0) {
            return result;
        }
        overstated = null;
        return Integer.MAX_VALUE;
    }

    /// Makes the next accept or receive that names a peer name an unknown address family. The handler that decodes the address
    /// then throws, as it does if there is no memory for the address.
    public void garbleNextPeer() {
        garbled = true;
    }

    /// Writes over the address at `name`, if it is to be garbled.
    void garble(long name) {
        if (garbled) {
            garbled = false;
            SimMemory.write(name, new byte[] {99, 0});
        }
    }

    // ---- results

    /// A hash of all events so far; equal for equal runs.
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

    /// Marks the run as failed; the caller throws the result.
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

    /// Throws the first failure of this run again, if there was one.
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

    /// Schedules an event outside of the program: runs `action` in `delayNanos`, on the loop thread, inside one of its calls.
    public void after(long delayNanos, Runnable action) {
        time.after(delayNanos, action);
    }

    /// Runs `action` now or a little later.
    void soon(Runnable action) {
        long late = dice.lateness();
        if (late == 0) {
            action.run();
        } else {
            time.after(late, action);
        }
    }

    /// Runs `step` later on the foreign thread, while the loop thread is inside a call. Steps run in order.
    public void foreign(Runnable step) {
        foreign.add(step);
    }

    /// As [#foreign(Runnable)], after `delayNanos`.
    public void foreignAfter(long delayNanos, Runnable step) {
        time.after(delayNanos, () -> foreign.take(step));
    }

    /// The run is over: runs the suspended step to its end, and discards the steps that wait.
    public void endForeign() {
        foreign.end();
    }

    /// Runs all steps that are left, after the end of the scenario.
    public void runForeignToEnd() {
        while (foreign.proceed()) {
            trace("late", 0, 0, 0);
        }
    }
}
