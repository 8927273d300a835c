package io.trale.reactive.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.SimTrale;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Delays and periods of the scheduler, in the virtual time of a simulated kernel.
@Timeout(60)
class SchedulerTimeTest {

    private static final Duration HOUR = Duration.ofHours(1);

    /// Runs `body` in virtual time, without faults.
    private static void inVirtualTime(SimTrale.Body body) throws Exception {
        SimTrale.run(new SimKernel(1), ExecutorOptions.defaults(), body);
    }

    /// The whole hours since `start` in virtual time. Microseconds do not count.
    private static long hours(Trale trale, long start) {
        return (trale.scheduler().now(TimeUnit.NANOSECONDS) - start) / HOUR.toNanos();
    }

    private static int sleepers(Trale trale) {
        return Internals.loop(trale).reactor.deadlines().size();
    }

    // ---- tasks

    @Test
    void delayedTasksRunInOrderAtTheirTime() throws Exception {
        List<String> seen = new ArrayList<>();
        inVirtualTime((trale, done) -> {
            Scheduler.Worker worker = trale.scheduler().createWorker();
            long start = trale.scheduler().now(TimeUnit.NANOSECONDS);
            for (int i = 0; i < 3; i++) {
                String number = " " + i;
                worker.schedule(() -> seen.add(hours(trale, start) + number), 2, TimeUnit.HOURS);
                worker.schedule(() -> seen.add(hours(trale, start) + number), 1, TimeUnit.HOURS);
                worker.schedule(() -> seen.add(hours(trale, start) + number));
            }
            worker.schedule(done::set, 3, TimeUnit.HOURS);
        });
        assertThat(seen).containsExactly("0 0", "0 1", "0 2", "1 0", "1 1", "1 2", "2 0", "2 1", "2 2");
    }

    @Test
    void delaysCountFromTheCallOnAnyThread() throws Exception {
        long[] ranAfter = new long[1];
        SimKernel kernel = new SimKernel(1);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> kernel.foreign(() -> {
            long start = kernel.nanoTime();
            trale.scheduler().schedule(() -> {
                ranAfter[0] = hours(trale, start);
                done.set();
            }, 1, TimeUnit.HOURS);
            kernel.after(HOUR.toNanos() - 1, () -> ranAfter[0] = -1);
        }));
        assertThat(ranAfter[0]).isEqualTo(1);
    }

    @Test
    void periodsHaveAFixedRateAfterALateRun() throws Exception {
        List<Long> hours = new ArrayList<>();
        SimKernel kernel = new SimKernel(1);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> {
            long start = kernel.nanoTime();
            Disposable[] task = new Disposable[1];
            task[0] = trale.scheduler().schedulePeriodically(() -> {
                hours.add(hours(trale, start));
                if (hours.size() == 2) {
                    kernel.elapse(HOUR.multipliedBy(3).toNanos()); // a long task
                }
                if (hours.size() == 8) {
                    task[0].dispose();
                    done.set();
                }
            }, 5, 1, TimeUnit.HOURS);
        });
        assertThat(hours).containsExactly(5L, 6L, 9L, 9L, 9L, 10L, 11L, 12L);
    }

    @Test
    void withoutAnInitialDelayThePeriodCountsFromTheCall() throws Exception {
        List<Long> hours = new ArrayList<>();
        inVirtualTime((trale, done) -> {
            long start = trale.scheduler().now(TimeUnit.NANOSECONDS);
            trale.scheduler().schedulePeriodically(() -> {
                hours.add(hours(trale, start));
                if (hours.size() == 4) {
                    done.set();
                }
            }, -1, 1, TimeUnit.HOURS);
            assertThat(hours).as("never inside schedule").isEmpty();
        });
        assertThat(hours).containsExactly(0L, 1L, 2L, 3L);
    }

    @Test
    void anInfiniteDelayDoesNotOverflow() throws Exception {
        boolean[] ran = new boolean[1];
        inVirtualTime((trale, done) -> {
            trale.scheduler().schedule(() -> ran[0] = true, Long.MAX_VALUE, TimeUnit.DAYS);
            trale.scheduler().schedulePeriodically(() -> ran[0] = true, Long.MAX_VALUE, Long.MAX_VALUE, TimeUnit.DAYS);
            trale.scheduler().schedule(done::set, 1, TimeUnit.DAYS);
        });
        assertThat(ran[0]).isFalse();
    }

    @Test
    void gracefulDisposalWaitsForDelayedTasks() throws Exception {
        List<Long> hours = new ArrayList<>();
        inVirtualTime((trale, done) -> {
            Scheduler scheduler = trale.scheduler();
            long start = scheduler.now(TimeUnit.NANOSECONDS);
            scheduler.createWorker().schedule(() -> hours.add(hours(trale, start)), 2, TimeUnit.HOURS);
            scheduler.schedulePeriodically(() -> hours.add(-1L), 1, 1, TimeUnit.HOURS);
            scheduler.disposeGracefully().subscribe(null, null, () -> {
                hours.add(hours(trale, start));
                done.set();
            });
        });
        assertThat(hours).containsExactly(2L, 2L);
    }

    @Test
    void closingTheTraleRunsDueTasksAndDropsDelayedOnes() throws Exception {
        List<String> ran = new ArrayList<>();
        inVirtualTime((trale, done) -> {
            Scheduler scheduler = trale.scheduler();
            scheduler.schedule(() -> ran.add("waits"), 1, TimeUnit.HOURS);
            scheduler.schedule(() -> {
                trale.close();
                scheduler.schedule(() -> ran.add("due"));
                scheduler.schedule(() -> ran.add("waits in vain"), 1, TimeUnit.HOURS);
            });
        });
        assertThat(ran).containsExactly("due");
    }

    // ---- operators

    @Test
    void intervalTicksOnTheLoop() throws Exception {
        List<Long> ticks = new ArrayList<>();
        List<Long> hours = new ArrayList<>();
        Thread loop = Thread.currentThread();
        inVirtualTime((trale, done) -> {
            long start = trale.scheduler().now(TimeUnit.NANOSECONDS);
            Flux.interval(HOUR, trale.scheduler()).take(4).doFinally(end -> {
                assertThat(sleepers(trale)).as("the period is cancelled").isZero();
                done.set();
            }).subscribe(tick -> {
                assertThat(Thread.currentThread()).isSameAs(loop);
                ticks.add(tick);
                hours.add(hours(trale, start));
            });
        });
        assertThat(ticks).containsExactly(0L, 1L, 2L, 3L);
        assertThat(hours).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void timeoutFiresInTimeAndIsCancelledIfUnneeded() throws Exception {
        List<Object> seen = new ArrayList<>();
        inVirtualTime((trale, done) -> {
            long start = trale.scheduler().now(TimeUnit.NANOSECONDS);
            Mono.just("quick").delayElement(HOUR, trale.scheduler())
                    .timeout(HOUR.multipliedBy(2), trale.scheduler()).subscribe(seen::add);
            Mono.never().timeout(HOUR.multipliedBy(5), trale.scheduler()).subscribe(null, failure -> {
                seen.add(failure.getClass());
                seen.add(hours(trale, start));
                assertThat(sleepers(trale)).as("the other is cancelled").isZero();
                done.set();
            });
        });
        assertThat(seen).containsExactly("quick", TimeoutException.class, 5L);
    }

    @Test
    void delayElementsSpacesThem() throws Exception {
        List<Long> hours = new ArrayList<>();
        inVirtualTime((trale, done) -> {
            long start = trale.scheduler().now(TimeUnit.NANOSECONDS);
            Flux.range(0, 4).delayElements(HOUR, trale.scheduler()).doOnComplete(done::set)
                    .subscribe(i -> hours.add(hours(trale, start)));
        });
        assertThat(hours).containsExactly(1L, 2L, 3L, 4L);
    }

    // ---- with random schedules

    private static final class RandomTask {
        final long dueNanos;
        final long periodNanos;
        Disposable handle;
        int runs;
        boolean disposed;

        RandomTask(long dueNanos, long periodNanos) {
            this.dueNanos = dueNanos;
            this.periodNanos = periodNanos;
        }
    }

    @Test
    void noTaskRunsTooEarlyOrTwiceOrAfterItsDisposal() {
        Seeds.run("trale-reactive", "SchedulerTimeTest#noTaskRunsTooEarlyOrTwiceOrAfterItsDisposal", 0.03, seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            SplittableRandom random = kernel.random();
            List<RandomTask> all = new ArrayList<>();
            List<String> breaches = new ArrayList<>();
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                Scheduler scheduler = trale.scheduler();
                List<Scheduler.Worker> workers = LongStream.range(0, 3).mapToObj(i -> scheduler.createWorker()).toList();
                for (int i = 0; i < 50; i++) {
                    Runnable step = () -> all.add(scheduled(kernel, scheduler, workers.get(random.nextInt(3)), breaches));
                    if (random.nextBoolean()) {
                        kernel.foreignAfter(random.nextLong(2_000_000), step);
                    } else {
                        step.run();
                    }
                }
                kernel.foreignAfter(5_000_000, () -> {
                    all.stream().filter(scheduled -> scheduled.periodNanos >= 0).forEach(scheduled -> dispose(scheduled));
                    scheduler.disposeGracefully().subscribe(null, null, () -> kernel.foreign(() -> Internals.loop(trale).execute(() -> {
                        if (sleepers(trale) != 0) { // an earlier job cancelled each of them
                            breaches.add(sleepers(trale) + " are left in the heap");
                        }
                        done.set();
                    })));
                });
            });
            assertThat(breaches).isEmpty();
            assertThat(all).hasSize(50).allMatch(scheduled -> scheduled.disposed || scheduled.runs == 1)
                    .allMatch(scheduled -> scheduled.handle.isDisposed());
        });
    }

    private static void dispose(RandomTask scheduled) {
        scheduled.handle.dispose();
        scheduled.disposed = true;
    }

    private static RandomTask scheduled(SimKernel kernel, Scheduler scheduler, Scheduler.Worker worker, List<String> breaches) {
        SplittableRandom random = kernel.random();
        long delay = Math.max(0, random.nextLong(2_000_000) - 500_000);
        RandomTask scheduled = new RandomTask(kernel.nanoTime() + delay, random.nextInt(3) > 0 ? -1 : random.nextLong(5) * 50_000);
        Runnable task = () -> {
            long due = scheduled.dueNanos + scheduled.runs++ * Math.max(0, scheduled.periodNanos);
            if (kernel.nanoTime() < due) {
                breaches.add("run " + scheduled.runs + " came " + (due - kernel.nanoTime()) + " ns too early");
            }
            if (scheduled.disposed) {
                breaches.add("run after dispose");
            }
            if (scheduled.periodNanos < 0 && scheduled.runs > 1) {
                breaches.add("run twice");
            }
            kernel.elapse(random.nextLong(1000)); // while jobs are queued, virtual time stands still
        };
        boolean direct = random.nextBoolean();
        if (scheduled.periodNanos < 0) {
            scheduled.handle = direct ? scheduler.schedule(task, delay, TimeUnit.NANOSECONDS)
                    : worker.schedule(task, delay, TimeUnit.NANOSECONDS);
        } else {
            scheduled.handle = direct ? scheduler.schedulePeriodically(task, delay, scheduled.periodNanos, TimeUnit.NANOSECONDS)
                    : worker.schedulePeriodically(task, delay, scheduled.periodNanos, TimeUnit.NANOSECONDS);
        }
        if (random.nextInt(3) == 0) {
            kernel.foreignAfter(random.nextLong(2_000_000), () -> dispose(scheduled));
        }
        return scheduled;
    }
}
