package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.sim.SimKernel;
import io.trale.time.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Jobs that compute for a long time: how many a turn runs, how long turns are counted, and how slow callbacks are reported. In
/// virtual time.
class LongTurnTest {

    private static final long MILLI = 1_000_000;

    private final SimKernel kernel = new SimKernel(0);
    private final List<String> slow = new ArrayList<>();
    private Executor executor;

    private void open(ExecutorOptions options) {
        executor = Executor.open(kernel, options);
    }

    private void openWithReports() {
        open(ExecutorOptions.defaults().slowCallback(Duration.ofMillis(30),
                (name, duration) -> slow.add(name + " " + duration.toMillis())));
    }

    @AfterEach
    void nothingIsLeft() {
        executor.close();
        kernel.assertQuiescent();
    }

    @Test
    void turnEndsAfterItsTime() throws Exception {
        open(ExecutorOptions.defaults());
        int[] done = new int[1];
        for (int i = 0; i < 100; i++) {
            executor.submit(new ScriptedFuture<Void>(waker -> {
                kernel.elapse(MILLI);
                done[0]++;
                return true;
            }));
        }
        executor.turn();
        assertThat(done[0]).isBetween(10, 16);
        executor.turn();
        assertThat(done[0]).as("each turn makes progress").isBetween(20, 32);
        executor.runToEnd();
        assertThat(done[0]).isEqualTo(100);
    }

    @Test
    void longTurnsAreCounted() throws Exception {
        open(ExecutorOptions.defaults());
        Executor.blockOn(Timer.sleep(Duration.ofSeconds(1)));
        assertThat(executor.stats().longTurns()).as("sleep does not count").isZero();
        Executor.blockOn(new ScriptedFuture<Void>(waker -> {
            kernel.elapse(11 * MILLI);
            return true;
        }));
        assertThat(executor.stats().longTurns()).isEqualTo(1);
        kernel.elapse(1000 * MILLI);
        executor.submit(Timer.sleep(Duration.ZERO));
        executor.turn();
        kernel.elapse(1000 * MILLI);
        executor.runToEnd();
        assertThat(executor.stats().longTurns()).as("time between turns does not count").isEqualTo(1);
    }

    @Test
    void slowTaskIsNamedByTheClassOfItsFuture() throws Exception {
        openWithReports();
        Executor.blockOn(new ScriptedFuture<Void>(waker -> {
            kernel.elapse(40 * MILLI);
            return true;
        }));
        assertThat(slow).containsExactly(ScriptedFuture.class.getName() + " 40");
    }

    @Test
    void slowBlockAndSlowActionAreNamedByTheClassOfTheirCode() throws Exception {
        openWithReports();
        executor.execute(() -> kernel.elapse(50 * MILLI));
        Executor.blockOn(async(() -> {
            await(Timer.sleep(Duration.ofMillis(1)));
            kernel.elapse(60 * MILLI);
        }));
        assertThat(slow).hasSize(2).allSatisfy(name -> assertThat(name).startsWith(Async.class.getPackageName()));
        assertThat(slow.get(0)).startsWith(LongTurnTest.class.getName()).endsWith(" 50");
        assertThat(slow.get(1)).endsWith(" 60");
    }

    @Test
    void quickCallbacksAreNotReportedHoweverMany() throws Exception {
        openWithReports();
        for (int i = 0; i < 1000; i++) {
            executor.submit(new ScriptedFuture<Void>(waker -> {
                kernel.elapse(MILLI);
                return true;
            }));
        }
        executor.submit(Timer.sleep(Duration.ofSeconds(10)));
        executor.runToEnd();
        assertThat(slow).isEmpty();
    }

    @Test
    void thresholdMustBeMoreThanZero() {
        open(ExecutorOptions.defaults());
        assertThatThrownBy(() -> ExecutorOptions.defaults().slowCallback(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("PT0S");
    }

    @Test
    void reportOfASlowTaskThatThrowsIsReported() throws Exception {
        List<Throwable> uncaught = new ArrayList<>();
        IllegalArgumentException failure = new IllegalArgumentException("the report");
        open(ExecutorOptions.defaults().uncaught(uncaught::add).slowCallback(Duration.ofMillis(30), (name, duration) -> {
            throw failure;
        }));
        Executor.blockOn(new ScriptedFuture<Void>(waker -> {
            kernel.elapse(40 * MILLI);
            return true;
        }));
        assertThat(uncaught).containsExactly(failure);
    }
}
