package io.trale.reactive.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.Event;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.testing.SimTrale;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;

/// Events on the simulated kernel with random schedules: every signal is counted once, regardless of cancels, and no descriptor
/// is left open.
@Timeout(120)
class EventScheduleTest {

    private static final Faults FAULTS = Faults.HARMLESS.with(Fault.HICCUP, 0.1);

    /// Adds up its elements; another one follows after its cancel.
    private static final class Counter extends RandomDemandSubscriber<Long> {

        private final Trale trale;
        private final Event event;
        private final long[] sum;
        private final Runnable counted;

        Counter(SimKernel kernel, List<String> breaches, Trale trale, Event event, long[] sum, Runnable counted) {
            super(kernel, breaches);
            this.trale = trale;
            this.event = event;
            this.sum = sum;
            this.counted = counted;
        }

        @Override
        protected void take(Long count) {
            if (count < 1) {
                breaches.add("a count of " + count);
            }
            sum[0] += count;
            counted.run();
        }

        @Override
        protected void cancelled() {
            Internals.loop(trale).run(() -> event.signals().subscribe(new Counter(kernel, breaches, trale, event, sum, counted)));
        }

        @Override
        protected void end(Throwable failure) {
            if (failure != null) {
                breaches.add("end: " + failure);
            }
        }
    }

    @Test
    void everySignalIsCountedOnceAtRandomDemand() {
        Seeds.run("trale-reactive", "EventScheduleTest#everySignalIsCountedOnceAtRandomDemand", 0.03, seed -> {
            SimKernel kernel = Seeds.kernel(seed, FAULTS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            long[] sum = new long[1];
            int signals = 1 + random.nextInt(30);
            long[] total = new long[1];
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> trale.event().subscribe(event -> {
                event.signals().subscribe(new Counter(kernel, breaches, trale, event, sum, () -> end(event, sum[0], total[0], done)));
                for (int i = 0; i < signals; i++) {
                    long count = 1 + random.nextInt(3);
                    total[0] += count;
                    if (random.nextInt(3) == 0) {
                        kernel.foreignAfter(random.nextLong(2_000_000),
                                () -> event.signal(Flux.just(count)).subscribe(null, failure -> breaches.add("" + failure)));
                    } else {
                        kernel.foreignAfter(random.nextLong(2_000_000), () -> event.signal(count));
                    }
                }
            }));
            assertThat(breaches).isEmpty();
            assertThat(sum).isEqualTo(total);
        });
    }

    private static void end(Event event, long sum, long total, SettableFuture done) {
        if (sum == total) {
            event.dispose();
            done.set();
        }
    }

    @Test
    void anEventMayBeDisposedOfAtAnyMoment() {
        Seeds.run("trale-reactive", "EventScheduleTest#anEventMayBeDisposedOfAtAnyMoment", 0.02, seed -> {
            SimKernel kernel = Seeds.kernel(seed, FAULTS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    trale.event().subscribe(event -> {
                        event.signals().subscribe(new Counter(kernel, breaches, trale, event, new long[1], () -> { }));
                        kernel.foreignAfter(random.nextLong(3_000_000), () -> {
                            try {
                                event.signal();
                            } catch (IllegalStateException disposed) {
                                assertThat(disposed).hasMessage("the event is closed");
                            }
                        });
                        kernel.foreignAfter(random.nextLong(3_000_000), event::dispose);
                    });
                }
                kernel.foreignAfter(random.nextLong(5_000_000), () -> {
                    if (random.nextBoolean()) {
                        Internals.loop(trale).execute(trale::close);
                    } else {
                        Internals.loop(trale).execute(done::set);
                    }
                });
            });
            assertThat(breaches).isEmpty();
        });
    }
}
