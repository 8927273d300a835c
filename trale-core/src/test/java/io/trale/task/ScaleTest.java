package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.sim.SimKernel;
import io.trale.testing.InterceptedKernel;
import io.trale.time.Timer;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Large numbers: the memory of a sleeper and of a parked block, and their system calls.
@org.junit.jupiter.api.Timeout(120) // by its full name: there is a Timeout in this package
class ScaleTest {

    private static final int MILLION = 1_000_000;
    private static final int MOMENTS = 1000;

    /// A simulated kernel that counts the calls for timers.
    private static final class Counting extends InterceptedKernel {
        private int timers;
        private int settings;

        Counting(SimKernel kernel) {
            super(kernel);
        }

        @Override
        public int timerfdCreate(int clock, int flags) {
            timers++;
            return super.timerfdCreate(clock, flags);
        }

        @Override
        public int timerfdSettime(int fd, int flags, MemorySegment times) {
            settings++;
            return super.timerfdSettime(fd, flags, times);
        }
    }

    /// A sleep that records its end.
    private static final class Sleeper implements Future<Void> {
        private final Future<Void> sleep;
        private final int moment;
        private final int[] last;

        Sleeper(int moment, int[] last) {
            this.moment = moment;
            this.last = last;
            sleep = Timer.sleep(Duration.ofMillis(moment));
        }

        @Override
        public boolean poll(Waker waker) {
            return sleep.poll(waker);
        }

        @Override
        public Void result() {
            assertThat(moment).isGreaterThanOrEqualTo(last[0]);
            last[0] = moment;
            return null;
        }

        @Override
        public void cancel() {
            sleep.cancel();
        }
    }

    /// Bytes of live objects.
    private static long liveHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void aMillionSleepersTakeThreeHundredMebibytesAndOneTimer() throws Exception {
        SimKernel simulated = new SimKernel(0);
        Counting kernel = new Counting(simulated);
        Executor executor = Executor.open(kernel, ExecutorOptions.defaults());
        int[] last = new int[1];
        for (int i = 0; i < MILLION; i++) {
            executor.submit(new Sleeper(1 + i * 7 % MOMENTS, last));
        }
        while (executor.reactor().deadlines().size() < MILLION) {
            executor.turn();
        }
        assertThat(liveHeap()).isLessThan(300L << 20);
        assertThat(simulated.openDescriptors()).as("the ring, the notifier and the timer").isEqualTo(3);
        executor.runToEnd();
        assertThat(last[0]).isEqualTo(MOMENTS);
        assertThat(kernel.timers).isEqualTo(1);
        assertThat(kernel.settings).isEqualTo(MOMENTS);
        executor.close();
        simulated.assertQuiescent();
    }

    /// Starts `count` blocks that sleep for a day.
    private static List<JoinHandle<Void>> park(int count) throws Exception {
        List<JoinHandle<Void>> blocks = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            blocks.add(Executor.spawn(async(() -> await(Timer.sleep(Duration.ofDays(1))))));
        }
        while (Executor.current().reactor().deadlines().size() < count) {
            Executor.current().turn();
        }
        return blocks;
    }

    @Test
    void aParkedBlockTakesAtMostTwelveHundredBytes() throws Exception {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 50 && least > 1200; round++) { // frames are larger until the JIT has compiled their code
            long before = liveHeap();
            int count = 20_000;
            List<JoinHandle<Void>> blocks = park(count);
            least = Math.min(least, (liveHeap() - before) / count);
            assertThat(blocks).noneMatch(JoinHandle::isDone);
            blocks.forEach(JoinHandle::abort);
            Executor.run();
        }
        assertThat(least).isBetween(100L, 1200L);
        Executor.current().close();
    }
}
