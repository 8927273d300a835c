package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.sim.SimKernel;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The heap of deadlines in virtual time, where two deadlines can have the same time.
class DeadlinesTest {

    private static final int COUNT = 1000;

    /// Records its number when it is reached.
    private static final class Numbered extends Deadline {
        private final int number;
        private final List<Integer> reached;

        Numbered(int number, List<Integer> reached) {
            this.number = number;
            this.reached = reached;
        }

        @Override
        protected void reached() {
            reached.add(number);
        }
    }

    @Test
    void equalDeadlinesAreReachedInOrderDespiteCancels() {
        SimKernel kernel = new SimKernel(1);
        SplittableRandom random = kernel.random();
        Deadlines deadlines = new Reactor(kernel, Limits.DEFAULT).deadlines();
        List<Integer> reached = new ArrayList<>();
        List<Integer> expected = new ArrayList<>(IntStream.range(0, COUNT).boxed().toList());
        List<Deadline> others = new ArrayList<>();
        long moment = kernel.nanoTime() + 1000;
        for (int i = 0; i < COUNT; i++) {
            Numbered deadline = new Numbered(i, reached);
            deadlines.set(deadline, moment);
            Numbered other = new Numbered(-1, reached);
            deadlines.set(other, moment - 500 + random.nextLong(1000));
            others.add(other);
            if (random.nextInt(10) == 0) {
                deadlines.callOff(deadline);
                expected.remove((Integer) i);
            }
        }
        others.forEach(deadlines::callOff);
        assertThat(deadlines.run()).isZero();
        kernel.elapse(1000);
        while (deadlines.run() > 0) {} // each run is bounded
        assertThat(reached).isEqualTo(expected);
    }

    @Test
    void everyDurationIsBoundedToTheClock() {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE / 2);
        assertThat(Deadlines.bounded(Duration.ofMillis(Long.MAX_VALUE))).isEqualTo(longest);
        assertThat(Deadlines.bounded(ChronoUnit.FOREVER.getDuration())).isEqualTo(longest);
        assertThat(Deadlines.bounded(Duration.ofSeconds(Long.MIN_VALUE))).isZero();
        assertThat(Deadlines.bounded(Duration.ofNanos(5))).isEqualTo(Duration.ofNanos(5));
    }
}
