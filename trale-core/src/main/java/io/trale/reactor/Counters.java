package io.trale.reactor;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What a reactor has done so far. Written by the loop thread, in plain memory, since this is on every path; any thread
/// may read it, a little late.
public final class Counters {

    /// One number of a [Counters].
    public enum Count {
        /// Calls of `io_uring_enter(2)`.
        ENTERS,
        /// Entries handed to the kernel, cancels included.
        SUBMITTED,
        /// Completions taken from the kernel, those of cancels included.
        COMPLETED,
        /// Cancels asked for.
        CANCELS,
        /// Times that completions were found in the kernel's overflow list.
        OVERFLOWS,
        /// Completions for no operation in flight: always 0, or there is a fault in trale.
        UNKNOWN,
        /// Receives that found no buffer free.
        NO_BUFFER,
        /// Pauses of listeners, for want of a descriptor or of memory.
        ACCEPT_PAUSES,
        /// Turns that took longer than [TurnClock#TURN_NANOS].
        LONG_TURNS,
        /// Operations in flight now, but for the one that listens for wake-ups.
        IN_FLIGHT
    }

    private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values = new long[Count.values().length];

    /// The present value. Any thread.
    public long get(Count count) {
        return (long) LONG.getOpaque(values, count.ordinal());
    }

    /// Loop thread.
    public void add(Count count, long amount) {
        values[count.ordinal()] += amount;
    }
}
