package io.trale.reactive.time;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.Tick;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.testing.SimTrale;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Ticks on the simulated kernel with random schedules: none is too early, every period is counted once, no timer is left open.
@Timeout(120)
class TicksScheduleTest {

    private static final Faults FAULTS = Faults.HARMLESS.with(Fault.HICCUP, 0.1);

    /// Checks every tick, and resubscribes some times.
    private static final class Listener extends RandomDemandSubscriber<Tick> {

        private final Trale trale;
        private final Duration first;
        private final Duration period;
        private final Runnable whenEnded;
        private final int lives;
        private final long startNanos;
        private long next;

        Listener(SimKernel kernel, List<String> breaches, Trale trale, Runnable whenEnded, int lives) {
            super(kernel, breaches);
            this.trale = trale;
            this.whenEnded = whenEnded;
            this.lives = lives;
            first = Duration.ofNanos(kernel.random().nextInt(500_000));
            period = Duration.ofNanos(5_000 + kernel.random().nextInt(500_000));
            startNanos = kernel.nanoTime();
        }

        void listen() {
            trale.ticks(first, period).subscribe(this);
        }

        @Override
        protected void take(Tick tick) {
            if (tick.missed() < 0 || tick.sequence() != next + tick.missed()) {
                breaches.add(tick + " after " + next);
            }
            next = tick.sequence() + 1;
            if (kernel.nanoTime() - startNanos < first.toNanos() + tick.sequence() * period.toNanos()) {
                breaches.add(tick + " too early");
            }
        }

        @Override
        protected void cancelled() {
            Internals.loop(trale).run(() -> {
                if (lives == 0) {
                    whenEnded.run();
                } else {
                    new Listener(kernel, breaches, trale, whenEnded, lives - 1).listen();
                }
            });
        }

        @Override
        protected void end(Throwable failure) {
            if (failure != null) {
                breaches.add("end: " + failure);
            }
        }
    }

    @Test
    void everyPeriodIsCountedOnceAtRandomDemand() {
        Seeds.run("trale-reactive", "TicksScheduleTest", 0.03, seed -> {
            SimKernel kernel = Seeds.kernel(seed, FAULTS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                int[] listeners = {1 + random.nextInt(3)};
                for (int i = listeners[0]; i > 0; i--) {
                    new Listener(kernel, breaches, trale, () -> {
                        if (--listeners[0] == 0) {
                            done.set();
                        }
                    }, random.nextInt(4)).listen();
                }
                if (random.nextInt(3) == 0) {
                    kernel.foreignAfter(random.nextLong(3_000_000), () -> Internals.loop(trale).execute(trale::close));
                }
            });
            assertThat(breaches).isEmpty();
        });
    }

    @Test
    void aTimerThatCannotBeCreatedFails() throws Exception {
        SimKernel kernel = new SimKernel(1).maxDescriptors(3); // those of the executor
        List<Throwable> failures = new ArrayList<>();
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) ->
                trale.ticks(Duration.ofMillis(1)).subscribe(null, failure -> {
                    failures.add(failure);
                    done.set();
                }));
        assertThat(failures).singleElement().isInstanceOfSatisfying(ErrnoException.class, failure -> {
            assertThat(failure).hasMessageContaining("timerfd_create").hasMessageContaining("EMFILE");
            assertThat(failure.errno()).isEqualTo(Errno.EMFILE);
        });
    }
}
