package io.trale.time;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.reactor.Deadlines;
import io.trale.sim.Capability;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.SettableFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sleeps and periodic timers on the real kernel: order, no early wake-up, cancellation, and one descriptor for all sleeps.
@Timeout(60)
class TimerTest {

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    @Test
    void sleepNeverEndsTooEarly() throws Exception {
        for (int micros : new int[] {0, 1, 10, 100, 1000, 10_000}) {
            long start = Executor.current().reactor().kernel().nanoTime();
            Executor.blockOn(Timer.sleep(Duration.ofNanos(micros * 1000L)));
            assertThat(Executor.current().reactor().kernel().nanoTime() - start).isGreaterThanOrEqualTo(micros * 1000L);
        }
    }

    @Test
    void zeroAndNegativeSleepsCompleteAtOnce() throws Exception {
        Executor.blockOn(Timer.sleep(Duration.ZERO));
        Executor.blockOn(Timer.sleep(Duration.ofSeconds(-5)));
    }

    /// A future that polls `other` once, and is complete then; its value is whether that was.
    private static Future<Boolean> pollOnce(Future<?> other) {
        return new Future<>() {
            private boolean complete;

            @Override
            public boolean poll(Waker waker) {
                complete = other.poll(waker);
                return true;
            }

            @Override
            public Boolean result() {
                return complete;
            }
        };
    }

    @Test
    void sleepAndTimeoutSurviveTheCloseOfTheirRing() throws Exception {
        Future<Void> sleep = Timer.sleep(Duration.ofDays(1));
        Future<Void> timeout = Async.timeout(sleep, Duration.ofDays(1));
        for (int run = 0; run < 3; run++) {
            assertThat(Executor.blockOn(pollOnce(timeout))).isFalse();
        }
        timeout.cancel();
        assertThat(Executor.current().reactor().deadlines().size()).isZero();
    }

    @Test
    void aSleepForEverDoesNotOverflow() throws Exception {
        JoinHandle<Void> task = Executor.spawn(Timer.sleep(Duration.ofSeconds(Long.MAX_VALUE)));
        Executor.spawn(async(() -> {
            await(Timer.sleep(Duration.ofMillis(1)));
            task.abort();
        }));
        Executor.run();
        assertThat(task.isDone()).isTrue();
    }

    /// A sleeper that records its deadline when it is woken: the order of the heap, not of later polls.
    private static final class Noting implements Future<Void> {
        private final long deadline;
        private final List<Long> woken;
        private final Future<Void> sleep;

        Noting(int millis, List<Long> woken) {
            Duration duration = Duration.ofMillis(millis);
            deadline = Executor.current().reactor().kernel().nanoTime() + duration.toNanos();
            this.woken = woken;
            sleep = Timer.sleep(duration);
        }

        @Override
        public boolean poll(Waker waker) {
            return sleep.poll(() -> {
                woken.add(deadline);
                waker.wake();
            });
        }

        @Override
        public Void result() {
            return null;
        }

        @Override
        public void cancel() {
            sleep.cancel();
        }
    }

    @Test
    void sleepersWakeInDeadlineOrderAfterCancels() throws Exception {
        Executor.open(new SimKernel(0), ExecutorOptions.defaults()); // whose clock stands still between two looks
        List<Long> woken = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(7);
        List<JoinHandle<Void>> aborted = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            JoinHandle<Void> task = Executor.spawn(new Noting(2000 + random.nextInt(1000), woken));
            if (random.nextInt(3) == 0) {
                aborted.add(task);
            }
        }
        while (Executor.current().reactor().deadlines().size() < 2000) {
            Executor.current().turn();
        }
        Executor.spawn(async(() -> aborted.forEach(JoinHandle::abort)));
        Executor.run();
        assertThat(woken).hasSize(2000 - aborted.size());
        assertThat(woken).isSorted();
    }

    @Test
    void manySleepersUseOneDescriptorAndFewSystemCalls() throws Exception {
        Executor executor = Executor.open(new SimKernel(0), ExecutorOptions.defaults()); // on whose clock all begin at once
        for (int i = 0; i < 100_000; i++) {
            Executor.spawn(Timer.sleep(Duration.ofMillis(50)));
        }
        long before = executor.stats().submitted();
        Executor.run();
        assertThat(executor.reactor().deadlines().size()).isZero();
        assertThat(executor.stats().submitted() - before).as("polls of the one timer").isLessThan(2000);
    }

    @Test
    void manyExpiredSleepersAreWokenOverSeveralTurns() throws Exception {
        SimKernel kernel = new SimKernel(0);
        Executor executor = Executor.open(kernel, ExecutorOptions.defaults());
        Deadlines deadlines = executor.reactor().deadlines();
        for (int i = 0; i < 10_000; i++) {
            executor.submit(Timer.sleep(Duration.ofHours(1)));
        }
        while (deadlines.size() < 10_000) {
            executor.turn();
        }
        kernel.elapse(Duration.ofHours(2).toNanos());
        executor.turn();
        assertThat(deadlines.size()).as("left after a turn").isBetween(9000, 9999);
        executor.runToEnd();
        assertThat(deadlines.size()).isZero();
    }

    @Test
    void periodicTimerCountsMissedPeriods() throws Exception {
        try (TimerFd timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1))) {
            int ticks = Executor.blockOn(async(() -> {
                int sum = await(timer.expirations());
                long start = System.nanoTime();
                while (System.nanoTime() - start < 20_000_000) {
                    await(yieldNow()); // no read of the timer
                }
                int missed = await(timer.expirations());
                assertThat(missed).isGreaterThanOrEqualTo(15);
                return sum + missed;
            }));
            assertThat(ticks).isGreaterThan(15);
        }
    }

    @Test
    void expirationsOfACancelledWaitAreKept() throws Exception {
        try (TimerFd timer = TimerFd.start(Duration.ofMillis(1), Duration.ZERO)) {
            int count = Executor.blockOn(async(() -> {
                var first = timer.expirations();
                boolean[] woken = {false};
                assertThat(first.poll(() -> woken[0] = true)).isFalse();
                while (!woken[0]) {
                    await(yieldNow());
                }
                first.cancel(); // it has read the only expiration, but was not polled
                return await(timer.expirations());
            }));
            assertThat(count).isEqualTo(1);
        }
    }

    @Test
    void secondWaitOfATimerThrows() throws Exception {
        try (TimerFd timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1))) {
            int count = Executor.blockOn(async(() -> {
                var first = timer.expirations();
                assertThatThrownBy(timer::expirations).isInstanceOf(IllegalStateException.class)
                        .hasMessage("a wait of this timer is not finished");
                int before = await(first);
                timer.expirations().cancel();
                return before + await(timer.expirations());
            }));
            assertThat(count).isGreaterThanOrEqualTo(2);
        }
    }

    /// Where reads do not wait, a poll does, which has read nothing when it ends.
    @Test
    void pollOfACancelledWaitCountsNothing() throws Exception {
        SimKernel kernel = new SimKernel(0).without(Capability.PATIENT_COUNTERS)
                .faults(Faults.NONE.with(Fault.LOST_CANCEL, 1));
        Executor executor = Executor.open(kernel, ExecutorOptions.defaults());
        executor.submit(new SettableFuture()); // which keeps the ring open
        long start = kernel.nanoTime();
        TimerFd timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1));
        int counted = executor.submit(timer.expirations()).join();
        JoinHandle<Integer> wait = executor.submit(timer.expirations());
        executor.turn(); // the read finds nothing
        executor.turn(); // the poll waits
        wait.abort();
        kernel.elapse(1_000_000);
        executor.turn();
        executor.turn();
        counted += executor.submit(timer.expirations()).join();
        counted += executor.submit(timer.expirations()).join();
        assertThat(counted).isEqualTo((int) ((kernel.nanoTime() - start) / 1_000_000)).isEqualTo(3);
        timer.close();
        executor.close();
        kernel.assertQuiescent();
    }

    @Test
    void closeOfATimerFailsTheWait() throws Exception {
        TimerFd timer = TimerFd.start(Duration.ofDays(1), Duration.ZERO);
        JoinHandle<Integer> waiting = Executor.spawn(timer.expirations());
        Executor.spawn(async(timer::close));
        Executor.run();
        assertThatThrownBy(waiting::join).hasMessageContaining("ECANCELED");
    }
}
