package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactor.Counters.Count;
import io.trale.sim.SimKernel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The limits of a turn to the nanosecond, in virtual time.
class TurnClockTest {

    private static final int STRIDE = 16;

    private final SimKernel kernel = new SimKernel(0);
    private final Counters counters = new Counters();
    private final TurnClock clock = new TurnClock(kernel, counters);

    private long longTurns() {
        return counters.get(Count.LONG_TURNS);
    }

    /// How many callbacks of a kind may run now, at most `most`.
    private int allowed(int most) {
        int count = 0;
        while (count < most && !clock.isOver()) {
            count++;
        }
        return count;
    }

    @Test
    void turnIsLongIfItTakesMoreThanItsTime() {
        clock.begin();
        kernel.elapse(TurnClock.TURN_NANOS);
        clock.begin();
        assertThat(longTurns()).isZero();
        kernel.elapse(TurnClock.TURN_NANOS + 1);
        clock.begin();
        assertThat(longTurns()).isEqualTo(1);
        kernel.elapse(TurnClock.TURN_NANOS + 1);
        clock.end();
        assertThat(longTurns()).isEqualTo(2);
    }

    @Test
    void timeBetweenTurnsCountsForNone() {
        kernel.elapse(TurnClock.TURN_NANOS + 1);
        clock.begin();
        clock.end();
        kernel.elapse(TurnClock.TURN_NANOS + 1);
        clock.end();
        clock.begin();
        assertThat(longTurns()).isZero();
    }

    @Test
    void completionsMayTakeHalfOfTheTurnAndJobsTheRest() {
        clock.begin();
        kernel.elapse(TurnClock.TURN_NANOS / 2 - 1);
        assertThat(allowed(100)).isEqualTo(100);
        kernel.elapse(1);
        clock.beginNext();
        assertThat(allowed(100)).as("until the clock is read").isEqualTo(STRIDE - 1);
        assertThat(allowed(100)).as("once over, it stays over").isZero();
        clock.beginJobs();
        assertThat(allowed(100)).isEqualTo(100);
        kernel.elapse(TurnClock.TURN_NANOS / 2);
        clock.beginJobs();
        assertThat(allowed(100)).isEqualTo(STRIDE - 1);
        clock.begin();
        assertThat(allowed(100)).as("in the next turn").isEqualTo(100);
    }

    @Test
    void everySixteenthCallbackReadsTheClock() {
        clock.begin();
        assertThat(allowed(STRIDE)).isEqualTo(STRIDE);
        kernel.elapse(TurnClock.TURN_NANOS);
        assertThat(allowed(100)).isEqualTo(STRIDE - 1);
    }

    @Test
    void callbackIsSlowFromTheThresholdOn() {
        List<Duration> slow = new ArrayList<>();
        assertThat(clock.isTiming()).isFalse();
        clock.reportSlow(1000, (name, duration) -> slow.add(duration));
        assertThat(clock.isTiming()).isTrue();
        kernel.elapse(5000);
        clock.begin();
        for (long nanos : new long[] {999, 1000, 1, 1001}) {
            kernel.elapse(nanos);
            clock.ran(() -> "a callback");
        }
        assertThat(slow).containsExactly(Duration.ofNanos(1000), Duration.ofNanos(1001));
    }
}
