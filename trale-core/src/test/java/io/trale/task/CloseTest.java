package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.sync.EventFd;
import io.trale.testing.InterceptedKernel;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// An executor closes, whatever the code that it runs does.
@org.junit.jupiter.api.Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD) // there is a Timeout in this package
class CloseTest {

    private static final Logger LOGGER = Logger.getLogger("io.trale"); // kept, or its handler is forgotten

    private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorOptions options = ExecutorOptions.defaults().uncaught(uncaught::add)
            .closeTimeout(Duration.ofMillis(10));

    @Test
    void cancelledBlockThatNeverEndsIsAbandoned() throws Exception {
        Executor executor = Executor.open(options);
        List<CancellationException> thrown = new ArrayList<>();
        executor.submit(async(() -> {
            while (true) {
                try {
                    await(yieldNow());
                } catch (CancellationException once) {
                    thrown.add(once);
                }
            }
        }));
        executor.turn();
        executor.close();
        assertThat(executor.isClosed()).isTrue();
        assertThat(thrown).hasSize(1);
        assertThat(uncaught).isEmpty();
    }

    @Test
    void actionThatAlwaysExecutesItselfIsRejectedInTheEnd() throws Exception {
        Executor executor = Executor.start("loop", options);
        AtomicInteger others = new AtomicInteger();
        executor.execute(new Runnable() {
            @Override
            public void run() {
                executor.execute(this);
            }
        });
        for (int i = 0; i < 1000; i++) {
            executor.execute(others::incrementAndGet);
        }
        executor.close();
        assertThat(executor.isClosed()).isTrue();
        assertThat(others.get()).as("accepted actions have run").isEqualTo(1000);
        assertThat(uncaught).singleElement().isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void blocksUnwindInTimeAlthoughTheRingIsBroken() throws Exception {
        Executor executor = Executor.open(options.closeTimeout(Duration.ofSeconds(-1)));
        List<Integer> unwound = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int number = i;
            executor.submit(async(() -> {
                try {
                    await(ScriptedFuture.pending());
                } finally {
                    await(yieldNow());
                    await(yieldNow());
                    unwound.add(number);
                }
            }));
        }
        executor.turn();
        executor.close();
        assertThat(unwound).hasSize(10);
    }

    @Test
    void wakerThatTheOpeningOfTheRingCallsMayCloseTheExecutor() throws Exception {
        Executor executor = Executor.open(options);
        EventFd event = EventFd.counter();
        assertThat(event.take().poll(executor::close)).as("it waits for a ring").isFalse();
        JoinHandle<Void> task = executor.submit(ScriptedFuture.pending());
        executor.runToEnd();
        assertThat(executor.isClosed()).isTrue();
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
        assertThat(executor.stats().inFlight()).isZero();
        event.close();
    }

    @Test
    void taskSubmittedRightBeforeTheCloseIsCancelled() throws Exception {
        Executor executor = Executor.start("loop", options);
        CountDownLatch gate = new CountDownLatch(1);
        executor.execute(() -> {
            awaitLatch(gate);
            executor.close();
        });
        ScriptedFuture<Void> future = ScriptedFuture.pending();
        JoinHandle<Void> task = executor.submit(future);
        gate.countDown();
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class).hasMessage("the executor was closed");
        assertThat(future.polls).isZero();
        assertThat(future.cancels).isEqualTo(1);
    }

    @Test
    void interruptedCloseReturnsAndKeepsTheInterrupt() throws Exception {
        Executor executor = Executor.start("loop", options.closeTimeout(Duration.ofHours(1)));
        CountDownLatch gate = new CountDownLatch(1);
        executor.execute(() -> awaitLatch(gate));
        Thread.currentThread().interrupt();
        executor.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(executor.isClosed()).isFalse();
        gate.countDown();
        executor.close();
        assertThat(executor.isClosed()).isTrue();
    }

    @Test
    void closeReturnsAlthoughTheLoopIsBlocked() throws Exception {
        Executor executor = Executor.start("loop", options);
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        executor.onClose(closed::countDown);
        executor.execute(() -> awaitLatch(gate));
        executor.close(); // waits for a second more than the close timeout
        assertThat(executor.isClosed()).isFalse();
        gate.countDown();
        closed.await();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- a ring that breaks

    private static final class BreakingKernel extends InterceptedKernel {
        private boolean broken;

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            return broken ? -Errno.EBADF : super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
        }
    }

    @Test
    void ringThatBreaksAtTheEndOfARunIsReported() throws Exception {
        BreakingKernel kernel = new BreakingKernel();
        Executor executor = Executor.open(kernel, options);
        EventfdFuture left = EventfdFuture.of(executor.reactor());
        boolean[] ends = new boolean[1];
        ScriptedFuture<Void> task = new ScriptedFuture<>(waker -> left.poll(() -> { }) || ends[0]);
        executor.submit(task);
        executor.turn(); // submits what the task leaves
        ends[0] = true;
        task.waker.wake();
        executor.execute(() -> kernel.broken = true);
        executor.runToEnd();
        assertThat(uncaught).singleElement().satisfies(t -> assertThat(t).hasMessageContaining("io_uring_enter: EBADF"));
        assertThat(executor.reactor().isOpen()).isFalse();
        kernel.broken = false;
        assertThat(executor.submit(ScriptedFuture.ready(1)).join()).as("on the next ring").isEqualTo(1);
        executor.close();
    }

    @Test
    void closeWarnsOfMemoryThatIsLeftToTheKernel() throws Exception {
        List<String> logged = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord message) {
                logged.add(message.getLevel() + " " + message.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        LOGGER.addHandler(handler);
        try {
            for (boolean breaks : new boolean[] {false, true}) {
                BreakingKernel kernel = new BreakingKernel();
                Executor executor = Executor.open(kernel, options);
                executor.submit(EventfdFuture.of(executor.reactor()));
                executor.turn();
                kernel.broken = breaks;
                executor.close();
                assertThat(logged).hasSize(breaks ? 1 : 0);
            }
            assertThat(logged.getFirst()).startsWith("WARNING closed with operations in flight");
        } finally {
            LOGGER.removeHandler(handler);
        }
    }
}
