package io.trale.reactor;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What a reactor has done so far. The loop thread writes plainly, since this is on every hot path; any thread may read, and
/// may see old values.
public final class Counters {

    /// One number of a [Counters].
    public enum Count {
        /// Calls of `io_uring_enter(2)`.
        ENTERS,
        /// Entries handed to the kernel, cancels included.
        SUBMITTED,
        /// Completions taken from the kernel, those of cancels included.
        COMPLETED,
        /// Cancels requested.
        CANCELS,
        /// How often completions were in the kernel's overflow list.
        OVERFLOWS,
        /// Completions that belong to no operation in flight: always 0, unless trale has a fault.
        UNKNOWN,
        /// Receives that found no buffer free.
        NO_BUFFER,
        /// Pauses of listeners, because no descriptor or no memory was left.
        ACCEPT_PAUSES,
        /// Turns that took longer than [TurnClock#TURN_NANOS].
        LONG_TURNS,
        /// Operations in flight now, without the reactor's own.
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
