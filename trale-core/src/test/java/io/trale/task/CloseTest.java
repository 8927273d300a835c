package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.sync.EventFd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// An executor closes, whatever the code that it runs does.
@org.junit.jupiter.api.Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD) // there is a Timeout in this package
class CloseTest {

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
}
