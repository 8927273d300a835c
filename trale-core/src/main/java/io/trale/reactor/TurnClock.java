package io.trale.reactor;

import io.trale.linux.Kernel;
import io.trale.reactor.Counters.Count;
import java.time.Duration;
import java.util.function.BiConsumer;

/// The time that one turn of the loop takes: bounds it, counts the turns that exceed it, and names slow callbacks.
///
/// A turn lasts from one enter to the next. Completions and deadlines may use the first half of [#TURN_NANOS], jobs the rest;
/// what is left over waits for the next turn. The clock is read once a turn, before a sleep, and at every 16th callback of a kind: so
/// each kind makes progress in each turn, and a callback costs little. Loop thread only.
public final class TurnClock {

    /// How long a turn may take, in nanoseconds: 10 ms.
    public static final long TURN_NANOS = 10_000_000;

    private static final int STRIDE = 16;

    private final Kernel kernel;
    private final Counters counters;
    private boolean running;
    private long began;
    private long allowedNanos;
    private int untilRead;

    private long slowNanos = Long.MAX_VALUE;
    private BiConsumer<? super String, ? super Duration> slow = (name, duration) -> { };
    private long callbackBegan;

    TurnClock(Kernel kernel, Counters counters) {
        this.kernel = kernel;
        this.counters = counters;
    }

    /// Calls `handler`, on the loop thread, with the name and the duration of each callback that takes `nanos` or longer. Costs
    /// a reading of the clock for each callback.
    public void reportSlow(long nanos, BiConsumer<? super String, ? super Duration> handler) {
        slowNanos = nanos;
        slow = handler;
    }

    /// A turn begins, with its completions, and the one before ends if it has not yet.
    public void begin() {
        long now = kernel.nanoTime();
        count(now);
        running = true;
        began = now;
        callbackBegan = now;
        allowedNanos = TURN_NANOS / 2;
        untilRead = STRIDE;
    }

    /// The turn goes on with another kind of callback from the ring.
    void beginNext() {
        untilRead = STRIDE;
    }

    /// The turn goes on with its jobs.
    public void beginJobs() {
        allowedNanos = TURN_NANOS;
        untilRead = STRIDE;
    }

    /// True if the next callback is to wait for the next turn. To be asked before each callback.
    public boolean isOver() {
        if (--untilRead > 0) {
            return false;
        }
        untilRead = 1; // once it is over, it stays so
        if (kernel.nanoTime() - began >= allowedNanos) {
            return true;
        }
        untilRead = STRIDE;
        return false;
    }

    /// The turn ends, since the loop is about to sleep, or to return to others; no effect if none has begun.
    public void end() {
        if (running) {
            count(kernel.nanoTime());
            running = false;
        }
    }

    private void count(long now) {
        if (running && now - began > TURN_NANOS) {
            counters.add(Count.LONG_TURNS, 1);
        }
    }

    /// True if callbacks are timed: then [#ran] follows each.
    public boolean isTiming() {
        return slowNanos != Long.MAX_VALUE;
    }

    /// A callback has ended: that of an operation, which names itself, or of other code, which its class names.
    public void ran(Object callback) {
        long now = kernel.nanoTime();
        long nanos = now - callbackBegan;
        callbackBegan = now;
        if (nanos >= slowNanos) {
            String name = callback instanceof Operation ? callback.toString() : callback.getClass().getName();
            slow.accept(name, Duration.ofNanos(nanos));
        }
    }
}
