package io.trale.reactive.stream;

import io.trale.reactor.Deadline;
import io.trale.reactor.Deadlines;
import io.trale.reactor.Reactor;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

/// Detects that a receive brings nothing for too long.
///
/// Only the time counts in which the kernel has a receive: not that without demand, or without a buffer. The deadline is set
/// with a receive, and stays set when that completes. So a busy connection reads the clock twice for each receive, and changes
/// the heap of deadlines once for each `limit`. Loop thread only, but for [#limit].
final class ReadIdle extends Deadline {

    /// No limit, as is each one that is longer than the clock counts.
    static final Duration NONE = ChronoUnit.FOREVER.getDuration();

    private static final long NO_LIMIT = Deadlines.nanos(NONE);

    private final Reactor reactor;
    private final Runnable whenIdle;

    private volatile long limitNanos = NO_LIMIT;
    /// When this is reached, if it is set.
    private long dueAt;
    /// The kernel has a receive, since [#askedAt].
    private boolean asked;
    private long askedAt;

    ReadIdle(Reactor reactor, Runnable whenIdle) {
        this.reactor = reactor;
        this.whenIdle = whenIdle;
    }

    /// Limits receives that begin later. Any thread.
    void limit(Duration limit) {
        limitNanos = positive(limit);
    }

    /// `limit` in nanoseconds. Throws [IllegalArgumentException] if it is not positive.
    static long positive(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("readIdle is " + limit + ", must be positive");
        }
        return Deadlines.nanos(limit);
    }

    /// A receive is staged.
    void staged() {
        if (limitNanos != NO_LIMIT) {
            setUnlessSooner(reactor.kernel().nanoTime() + limitNanos);
        }
    }

    private void setUnlessSooner(long atNanos) {
        if (!isSet() || atNanos - dueAt < 0) {
            end();
            dueAt = atNanos;
            reactor.deadlines().set(this, atNanos);
        }
    }

    /// The receive goes to the kernel now.
    void asked() {
        if (limitNanos != NO_LIMIT) {
            asked = true;
            askedAt = reactor.kernel().nanoTime();
        }
    }

    /// The kernel has answered.
    void answered() {
        asked = false;
    }

    /// Ends the detection.
    void end() {
        reactor.deadlines().callOff(this);
    }

    @Override
    protected void reached() {
        if (asked) { // else the next receive sets this anew
            long idleAt = askedAt + limitNanos;
            if (idleAt - reactor.kernel().nanoTime() <= 0) {
                whenIdle.run();
            } else {
                setUnlessSooner(idleAt);
            }
        }
    }

    /// The limit, for messages.
    @Override
    public String toString() {
        return Duration.ofNanos(limitNanos).toString();
    }
}
