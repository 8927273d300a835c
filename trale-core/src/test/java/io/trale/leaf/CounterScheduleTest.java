package io.trale.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sync.EventFd;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import io.trale.time.TimerFd;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Events and periodic timers under random schedules: each signal and each expiration is counted once.
@Timeout(120)
class CounterScheduleTest {

    private static final Faults INTERRUPTED = Faults.HARMLESS.with(Fault.HICCUP, 0.2);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "CounterScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    @Test
    void signalsAreCountedOnce() {
        run("signalsAreCountedOnce", seed -> {
            SimKernel kernel = Seeds.kernel(seed, INTERRUPTED);
            SplittableRandom random = kernel.random();
            long total = 1 + random.nextInt(50);
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private EventFd event;
                private long counted;

                @Override
                protected Future<?> next(Future<?> last) throws Exception {
                    if (last == null) {
                        event = EventFd.counter();
                        for (int i = 0; i < total; i++) {
                            kernel.foreignAfter(random.nextLong(1_000_000), event::signal);
                        }
                    } else {
                        counted += (Integer) last.result();
                    }
                    if (counted < total) {
                        return event.take();
                    }
                    event.close();
                    assertThat(counted).isEqualTo(total);
                    return null;
                }
            });
        });
    }

    @Test
    void expirationsAreCountedOnce() {
        run("expirationsAreCountedOnce", seed -> {
            SimKernel kernel = Seeds.kernel(seed, INTERRUPTED);
            SplittableRandom random = kernel.random();
            long periodNanos = 5_000 + random.nextInt(500_000);
            long total = 1 + random.nextInt(50);
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private TimerFd timer;
                private long startNanos;
                private long counted;

                @Override
                protected Future<?> next(Future<?> last) throws Exception {
                    if (last == null) {
                        startNanos = kernel.nanoTime();
                        timer = TimerFd.start(Duration.ofNanos(periodNanos), Duration.ofNanos(periodNanos));
                    } else {
                        counted += (Integer) last.result();
                        assertThat(counted).isBetween(1L, (kernel.nanoTime() - startNanos) / periodNanos);
                    }
                    if (counted < total) {
                        return timer.expirations();
                    }
                    timer.close();
                    return null;
                }
            });
        });
    }
}
