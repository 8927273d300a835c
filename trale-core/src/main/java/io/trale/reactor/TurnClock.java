package io.trale.reactor;

import io.trale.linux.Kernel;
import io.trale.reactor.Counters.Count;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/// Bounds the time of a turn of the loop, counts the turns that take longer, and reports slow callbacks.
///
/// A turn lasts from one enter to the next. Completions and deadlines may use the first half of [#TURN_NANOS], jobs the rest;
/// what is left waits for the next turn. The clock is read once a turn, before a sleep, and at every 16th callback of a kind.
/// So each kind makes progress in each turn, and few callbacks pay for the clock. Loop thread only.
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

    /// Calls `handler` on the loop thread with the name and the duration of each callback that takes `nanos` or longer. Reads the
    /// clock once for each callback.
    public void reportSlow(long nanos, BiConsumer<? super String, ? super Duration> handler) {
        slowNanos = nanos;
        slow = handler;
    }

    /// Begins a turn, with its completions; ends the previous one if it has not ended.
    public void begin() {
        long now = kernel.nanoTime();
        count(now);
        running = true;
        began = now;
        callbackBegan = now;
        allowedNanos = TURN_NANOS / 2;
        untilRead = STRIDE;
    }

    /// Continues the turn with the next kind of callback.
    void beginNext() {
        untilRead = STRIDE;
    }

    /// Continues the turn with its jobs.
    public void beginJobs() {
        allowedNanos = TURN_NANOS;
        untilRead = STRIDE;
    }

    /// True if the next callback must wait for the next turn. To be called before each callback.
    public boolean isOver() {
        if (--untilRead > 0) {
            return false;
        }
        untilRead = 1; // once true, it stays true for this kind
        if (kernel.nanoTime() - began >= allowedNanos) {
            return true;
        }
        untilRead = STRIDE;
        return false;
    }

    /// Ends the turn, since the loop is about to sleep or to return; no effect if none has begun.
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

    /// True if callbacks are timed, so that [#ran] must follow each.
    public boolean isTiming() {
        return slowNanos != Long.MAX_VALUE;
    }

    /// A callback has returned, which `name` names if it must be reported.
    public void ran(Supplier<String> name) {
        long now = kernel.nanoTime();
        long nanos = now - callbackBegan;
        callbackBegan = now;
        if (nanos >= slowNanos) {
            slow.accept(name.get(), Duration.ofNanos(nanos));
        }
    }
}
