package io.trale.sync;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.InterceptedKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Events on the real kernel: signals are latched and counted. None is lost, from any thread, and after a cancel.
@Timeout(60)
class EventFdTest {

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    @Test
    void signalsBeforeTheWaitAreLatchedAndCounted() throws Exception {
        try (EventFd event = EventFd.counter()) {
            event.signal();
            event.signal(4);
            assertThat(Executor.blockOn(event.take())).isEqualTo(5);
        }
    }

    @Test
    void aSemaphoreGivesOneSignalAtATime() throws Exception {
        try (EventFd event = EventFd.semaphore()) {
            event.signal(2);
            assertThat(Executor.blockOn(event.take())).isEqualTo(1);
            assertThat(Executor.blockOn(event.take())).isEqualTo(1);
            JoinHandle<Integer> third = Executor.spawn(event.take());
            Executor.current().turn();
            assertThat(third.isDone()).isFalse();
            event.signal();
            assertThat(third.join()).isEqualTo(1);
        }
    }

    @Test
    void signalsFromOtherThreadsWakeASleepingLoop() throws Exception {
        try (EventFd event = EventFd.counter()) {
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 1000; i++) {
                        event.signal();
                    }
                }));
            }
            int sum = Executor.blockOn(async(() -> {
                int signals = 0;
                while (signals < 4000) {
                    signals += await(event.take());
                }
                return signals;
            }));
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(sum).isEqualTo(4000);
        }
    }

    @Test
    void signalsOfTwoThreadsAreAsManyWaitsOfASemaphore() throws Exception {
        try (EventFd event = EventFd.semaphore()) {
            JoinHandle<Integer> waiting = Executor.spawn(async(() -> {
                int signals = 0;
                while (signals < 40) {
                    signals += await(event.take());
                }
                return signals;
            }));
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 20; i++) {
                        event.signal();
                    }
                }));
            }
            assertThat(waiting.join()).isEqualTo(40);
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @Test
    void severalWaitersOfASemaphoreAreServedOneSignalEach() throws Exception {
        try (EventFd event = EventFd.semaphore()) {
            List<JoinHandle<Integer>> waiters = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                waiters.add(Executor.spawn(event.take()));
            }
            Executor.spawn(async(() -> {
                for (int i = 0; i < 10; i++) {
                    await(yieldNow());
                    event.signal();
                }
            }));
            Executor.run();
            assertThat(waiters).allMatch(JoinHandle::isDone);
        }
    }

    @Test
    void aSignalOfACancelledTakeIsKeptForTheNext() throws Exception {
        try (EventFd event = EventFd.semaphore()) {
            int taken = Executor.blockOn(async(() -> {
                var first = event.take();
                boolean[] woken = {false};
                assertThat(first.poll(() -> woken[0] = true)).isFalse();
                event.signal();
                while (!woken[0]) {
                    await(yieldNow());
                }
                first.cancel();
                return await(event.take());
            }));
            assertThat(taken).isEqualTo(1);
        }
    }

    @Test
    void aSignalOfACompletedAndCancelledTakeIsKept() throws Exception {
        try (EventFd event = EventFd.counter()) {
            event.signal(3);
            int taken = Executor.blockOn(async(() -> {
                var first = event.take();
                while (!first.poll(() -> {})) {
                    await(yieldNow());
                }
                first.cancel(); // before its result was taken
                return await(event.take());
            }));
            assertThat(taken).isEqualTo(3);
        }
    }

    @Test
    void aLargeCountOfACancelledTakeIsKept() throws Exception {
        try (EventFd event = EventFd.counter()) {
            int taken = Executor.blockOn(async(() -> {
                var first = event.take();
                boolean[] woken = {false};
                event.signal(Long.MAX_VALUE);
                event.signal(Long.MAX_VALUE); // 2^64 - 2 in all, which is -2 as a long
                assertThat(first.poll(() -> woken[0] = true)).isFalse();
                while (!woken[0]) {
                    await(yieldNow());
                }
                first.cancel();
                return await(event.take());
            }));
            assertThat(taken).isEqualTo(Integer.MAX_VALUE);
        }
    }

    @Test
    void resultMayBeCalledTwice() throws Exception {
        try (EventFd event = EventFd.semaphore()) {
            event.signal(3);
            Executor.blockOn(async(() -> {
                var first = event.take();
                assertThat(await(first)).isEqualTo(1);
                assertThat(first.resultAsInt()).isEqualTo(1);
                assertThat(await(join(event.take(), event.take()))).isEqualTo(List.of(1, 1));
            }));
        }
    }

    @Test
    void signalBeyondTheMaximumThrowsAndChangesNothing() throws Exception {
        try (EventFd event = EventFd.counter()) {
            event.signal(Long.MAX_VALUE);
            event.signal(Long.MAX_VALUE - 1);
            event.signal(1);
            assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class).hasMessageContaining("2^64 - 2");
            assertThat(Executor.blockOn(event.take())).isEqualTo(Integer.MAX_VALUE);
            event.signal();
            assertThat(Executor.blockOn(event.take())).isEqualTo(1);
        }
    }

    @Test
    void closeFailsTakesAndRejectsSignals() throws Exception {
        EventFd event = EventFd.counter();
        JoinHandle<Integer> waiting = Executor.spawn(event.take());
        Executor.spawn(async(event::close));
        Executor.run();
        assertThatThrownBy(waiting::join).hasMessageContaining("ECANCELED");
        assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class).hasMessage("the event is closed");
        event.close();
    }

    /// Blocks the first write of another thread until the loop waits for it, and counts the spins of the loop.
    private static final class HeldWrite extends InterceptedKernel {

        final CountDownLatch writing = new CountDownLatch(1);
        final CountDownLatch released = new CountDownLatch(1);
        final Thread loop = Thread.currentThread();
        Runnable whileClosing = () -> {};
        int spins;

        @Override
        public int write8(int fd, long value) {
            if (Thread.currentThread() != loop) {
                writing.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            return super.write8(fd, value);
        }

        @Override
        public void spinWait() {
            spins++;
            released.countDown();
            whileClosing.run();
            whileClosing = () -> {};
        }
    }

    /// The loop waits for writes in progress, not for threads whose signals are rejected.
    @Test
    void closeDoesNotWaitForRejectedSignals() throws Exception {
        HeldWrite kernel = new HeldWrite();
        Executor executor = Executor.open(kernel, ExecutorOptions.defaults());
        EventFd event = EventFd.counter();
        Thread writer = Thread.ofPlatform().start(event::signal);
        kernel.writing.await();
        AtomicBoolean closed = new AtomicBoolean();
        List<Thread> refused = new ArrayList<>();
        kernel.whileClosing = () -> {
            joined(writer);
            CountDownLatch begun = new CountDownLatch(4);
            for (int i = 0; i < 4; i++) {
                refused.add(Thread.ofPlatform().start(() -> {
                    while (!closed.get()) {
                        assertThatThrownBy(event::signal).hasMessage("the event is closed");
                        begun.countDown();
                    }
                }));
            }
            try {
                begun.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        event.close();
        closed.set(true);
        refused.forEach(EventFdTest::joined);
        executor.close();
        assertThat(kernel.spins).isEqualTo(1);
    }

    private static void joined(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
