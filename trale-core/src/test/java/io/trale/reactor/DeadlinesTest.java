package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.sim.SimKernel;
import io.trale.testing.InterceptedKernel;
import java.lang.foreign.MemorySegment;
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

    // ---- the timer

    private static final class TimerKernel extends InterceptedKernel {
        private final List<Long> settings = new ArrayList<>();
        private int errno;

        TimerKernel(SimKernel kernel) {
            super(kernel);
        }

        @Override
        public int timerfdSettime(int fd, int flags, MemorySegment times) {
            settings.add(times.get(JAVA_LONG, 16) * 1_000_000_000 + times.get(JAVA_LONG, 24));
            return errno != 0 ? -errno : super.timerfdSettime(fd, flags, times);
        }
    }

    private final SimKernel sim = new SimKernel(1);
    private final TimerKernel kernel = new TimerKernel(sim);
    private final Reactor reactor = new Reactor(kernel, Limits.DEFAULT);
    private final Deadlines deadlines = reactor.deadlines();
    private final List<Integer> reached = new ArrayList<>();

    private Deadline set(int number, long atNanos) {
        Deadline deadline = new Numbered(number, reached);
        deadlines.set(deadline, atNanos);
        return deadline;
    }

    @Test
    void timerIsSetAgainOnlyForAnEarlierDeadline() throws Exception {
        reactor.open();
        long time = sim.nanoTime() + 2_000_000_500L;
        set(1, time);
        reactor.turn(1);
        assertThat(kernel.settings).containsExactly(time);
        set(2, time);
        set(3, time + 1);
        reactor.turn(1);
        assertThat(kernel.settings).containsExactly(time);
        set(0, time - 1);
        while (reached.size() < 4) {
            reactor.turn(Long.MAX_VALUE);
        }
        assertThat(reached).containsExactly(0, 1, 2, 3);
        assertThat(kernel.settings).containsExactly(time, time - 1, time);
        assertThat(reactor.close(0)).isTrue();
        sim.assertQuiescent();
    }

    @Test
    void deadlineThatIsDueNeedsNoTimer() throws Exception {
        reactor.open();
        set(1, sim.nanoTime());
        assertThat(reactor.turn(Long.MAX_VALUE)).isEqualTo(1);
        assertThat(reached).containsExactly(1);
        assertThat(kernel.settings).isEmpty();
        assertThat(reactor.close(0)).isTrue();
    }

    @Test
    void deadlineIsDueAtItsTimeAndNotBefore() {
        set(1, sim.nanoTime() + 1);
        assertThat(reactor.hasDueWork()).isFalse();
        assertThat(deadlines.run()).isZero();
        sim.elapse(1);
        assertThat(reactor.hasDueWork()).isTrue();
        assertThat(deadlines.run()).isEqualTo(1);
        assertThat(reactor.hasDueWork()).isFalse();
    }

    @Test
    void turnRunsABoundedNumberOfDeadlines() {
        IntStream.range(0, 600).forEach(number -> set(number, sim.nanoTime()));
        reactor.clock().begin();
        assertThat(deadlines.run()).isEqualTo(512);
        assertThat(deadlines.run()).isEqualTo(88);
    }

    @Test
    void closeOfTheRingCancelsAllDeadlines() throws Exception {
        reactor.open();
        List<Deadline> set = IntStream.range(0, 20).mapToObj(number -> set(number, sim.nanoTime() + number)).toList();
        assertThat(reactor.close(0)).isTrue();
        assertThat(deadlines.size()).isZero();
        assertThat(set).noneMatch(Deadline::isSet);
        sim.elapse(100);
        assertThat(reactor.hasDueWork()).isFalse();
    }

    @Test
    void kernelThatRefusesTheTimerBreaksTheLoop() throws Exception {
        reactor.open();
        kernel.errno = Errno.EPERM;
        set(1, sim.nanoTime() + 1000);
        assertThatThrownBy(() -> reactor.turn(Long.MAX_VALUE)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("timerfd_settime: EPERM");
        assertThat(reactor.close(0)).isTrue();
    }
}
