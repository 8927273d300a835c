package io.trale.time;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Async;
import io.trale.task.JoinHandle;
import io.trale.testing.ImpatientFuture;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sleepers, timeouts and periodic timers under random schedules.
@Timeout(120)
class TimeScheduleTest {

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "TimeScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    private static final class Sleeper extends Script {

        private final SimKernel kernel;
        private final long nanos;
        private final List<Long> woken;
        private long untilNanos;

        Sleeper(SimKernel kernel, long nanos, List<Long> woken) {
            this.kernel = kernel;
            this.nanos = nanos;
            this.woken = woken;
        }

        @Override
        protected Future<?> next(Future<?> last) {
            if (last == null) {
                untilNanos = kernel.nanoTime() + nanos;
                return Timer.sleep(Duration.ofNanos(nanos));
            }
            assertThat(kernel.nanoTime()).isGreaterThanOrEqualTo(untilNanos);
            woken.add(untilNanos);
            return null;
        }
    }

    @Test
    void sleepersWakeInOrderAndNeverEarly() {
        run("sleepersWakeInOrderAndNeverEarly", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP));
            SplittableRandom random = kernel.random();
            List<Long> woken = new ArrayList<>();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                List<JoinHandle<Void>> sleepers = new ArrayList<>();
                int patient = 0;
                for (int i = 1 + random.nextInt(30); i > 0; i--) {
                    JoinHandle<Void> sleeper = executor.submit(new Sleeper(kernel, random.nextLong(3_000_000), woken));
                    if (random.nextInt(3) == 0) {
                        kernel.foreignAfter(random.nextLong(3_000_000), sleeper::abort);
                    } else {
                        patient++;
                    }
                    sleepers.add(sleeper);
                }
                for (JoinHandle<Void> sleeper : sleepers) {
                    try {
                        sleeper.join();
                    } catch (CancellationException e) {
                        // on purpose
                    }
                }
                assertThat(woken).hasSizeGreaterThanOrEqualTo(patient).isSorted();
            });
        });
    }

    @Test
    void timeoutsEndLateFutures() {
        run("timeoutsEndLateFutures", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            SplittableRandom random = kernel.random();
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private int rounds = 20;
                private long sleepsUntil;
                private long timesOutAt;

                @Override
                protected Future<?> next(Future<?> last) throws Exception {
                    if (last != null) {
                        try {
                            last.result();
                            assertThat(kernel.nanoTime()).as("slept").isGreaterThanOrEqualTo(sleepsUntil);
                        } catch (TimeoutException e) {
                            assertThat(kernel.nanoTime()).as("timed out").isGreaterThanOrEqualTo(timesOutAt);
                            assertThat(timesOutAt).as("the first of the two").isLessThan(sleepsUntil);
                        }
                    }
                    if (--rounds < 0) {
                        return null;
                    }
                    long sleep = 1 + random.nextInt(100_000);
                    long patience = 1 + random.nextInt(100_000);
                    sleepsUntil = kernel.nanoTime() + sleep;
                    timesOutAt = kernel.nanoTime() + patience;
                    return Async.timeout(Timer.sleep(Duration.ofNanos(sleep)), Duration.ofNanos(patience));
                }
            });
        });
    }

    @Test
    void expirationsOfCancelledWaitsGoToTheNext() {
        run("expirationsOfCancelledWaitsGoToTheNext", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP));
            SplittableRandom random = kernel.random();
            long periodNanos = 5_000 + random.nextInt(500_000);
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private int rounds = 20;
                private TimerFd timer;
                private IntFuture wait;
                private long startNanos;
                private long lastNanos;
                private long counted;

                @Override
                protected Future<?> next(Future<?> last) throws Exception {
                    if (last == null) {
                        startNanos = kernel.nanoTime();
                        timer = TimerFd.start(Duration.ofNanos(periodNanos), Duration.ofNanos(periodNanos));
                    } else if (last == wait || (Boolean) last.result()) {
                        counted += wait.resultAsInt();
                        assertThat(counted).isLessThanOrEqualTo((kernel.nanoTime() - startNanos) / periodNanos);
                    }
                    wait = timer.expirations();
                    if (--rounds > 0) {
                        return new ImpatientFuture(kernel, wait);
                    }
                    if (rounds == 0) {
                        lastNanos = kernel.nanoTime();
                        return wait;
                    }
                    assertThat(counted).isGreaterThanOrEqualTo((lastNanos - startNanos) / periodNanos);
                    timer.close();
                    return null;
                }
            });
        });
    }
}
