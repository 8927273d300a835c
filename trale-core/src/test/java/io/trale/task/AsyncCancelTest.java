package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.select;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.time.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Cancelled blocks of both kinds: how they unwind, and where exceptions go that they throw meanwhile.
@org.junit.jupiter.api.Timeout(60) // by its full name: there is a Timeout in this package
class AsyncCancelTest {

    private static final Duration SHORT = Duration.ofMillis(5);
    private static final Duration LONG = Duration.ofDays(1);

    private final List<String> log = new ArrayList<>();

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    private static Future<Void> block(boolean fast, Async.Body body) {
        return new Block<>(() -> {
            body.run();
            return null;
        }, fast);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void abortThrowsOnceAtTheAwaitAndFinallyAwaitsAgain(boolean fast) throws Exception {
        JoinHandle<Void> task = Executor.spawn(block(fast, () -> {
            try {
                await(Timer.sleep(LONG));
            } catch (CancellationException e) {
                log.add("cancelled");
                throw e;
            } finally {
                await(Timer.sleep(SHORT));
                log.add("unwound");
            }
        }));
        Executor.spawn(block(fast, () -> {
            await(yieldNow());
            task.abort();
        }));
        Executor.run();
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
        assertThat(log).containsExactly("cancelled", "unwound");
        assertThat(Executor.current().reactor().deadlines().size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blockThatNeverBeganIsDropped(boolean fast) throws Exception {
        JoinHandle<Void> task = Executor.spawn(block(fast, () -> {
            log.add("began");
        }));
        task.abort();
        Executor.run();
        assertThat(log).isEmpty();
        assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closeUnwindsEveryBlock(boolean fast) throws Exception {
        for (int i = 0; i < 10; i++) {
            Executor.spawn(block(fast, () -> {
                try {
                    await(Timer.sleep(LONG));
                } finally {
                    await(yieldNow());
                    log.add("unwound");
                }
            }));
        }
        Executor.current().turn();
        Executor.current().close();
        assertThat(log).hasSize(10);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void exceptionOfACancelledBlockIsReportedUnlessItIsTheCancel(boolean fast) throws Exception {
        List<Throwable> uncaught = new ArrayList<>();
        Executor.open(ExecutorOptions.defaults().uncaught(uncaught::add));
        IllegalArgumentException atOnce = new IllegalArgumentException("at once");
        IllegalArgumentException later = new IllegalArgumentException("later");
        List<JoinHandle<Void>> tasks = List.of(Executor.spawn(block(fast, () -> {
            try {
                await(Timer.sleep(LONG));
            } catch (CancellationException e) {
                throw atOnce;
            }
        })), Executor.spawn(block(fast, () -> {
            try {
                await(Timer.sleep(LONG));
            } finally {
                await(yieldNow());
                throwIt(later);
            }
        })), Executor.spawn(block(fast, () -> await(Timer.sleep(LONG)))));
        Executor.current().turn();
        tasks.forEach(JoinHandle::abort);
        Executor.run();
        assertThat(uncaught).containsExactly(atOnce, later);
    }

    private static void throwIt(RuntimeException failure) {
        throw failure;
    }

    @Test
    void cancelInterruptsABlockParkedElsewhereAndEndsItsNextAwait() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        JoinHandle<Void> sleeping = Executor.spawn(async(() -> {
            try {
                Thread.sleep(LONG);
            } catch (InterruptedException e) {
                log.add("interrupted");
            }
        }));
        JoinHandle<Void> locking = Executor.spawn(async(() -> {
            lock.lock(); // ignores interrupts
            lock.unlock();
            try {
                await(Timer.sleep(LONG));
            } catch (CancellationException e) {
                log.add("cancelled");
                await(Timer.sleep(SHORT));
                log.add("unwound");
            }
        }));
        lock.lock();
        try {
            Executor.current().turn();
            sleeping.abort();
            locking.abort();
            while (!sleeping.isDone() || !locking.isDone() || log.isEmpty()) {
                Executor.current().turn();
            }
        } finally {
            lock.unlock();
        }
        Executor.run();
        assertThat(log).containsExactly("interrupted", "cancelled", "unwound");
    }

    private static ScriptedFuture<Object> throwingInCancel() {
        ScriptedFuture<Object> future = ScriptedFuture.pending();
        future.whenCancelled = () -> {
            throw new IllegalArgumentException("in cancel");
        };
        return future;
    }

    @Test
    void cancelledJoinAndSelectCancelAllAlthoughOneThrows() throws Exception {
        AutoCloseable stubborn = () -> {
            throw new IllegalArgumentException("in close");
        };
        List<ScriptedFuture<Object>> others = List.of(ScriptedFuture.pending(), ScriptedFuture.pending());
        List<JoinHandle<?>> tasks = List.of(Executor.spawn(join(ScriptedFuture.ready(stubborn), throwingInCancel(), others.get(0))),
                Executor.spawn(select(throwingInCancel(), throwingInCancel(), others.get(1))));
        for (JoinHandle<?> task : tasks) {
            assertThat(task.poll(() -> { })).isFalse();
        }
        Executor.current().turn();
        tasks.forEach(JoinHandle::abort);
        Executor.run();
        assertThat(others).allSatisfy(other -> assertThat(other.cancels).isEqualTo(1));
        for (JoinHandle<?> task : tasks) {
            assertThatThrownBy(task::result).isInstanceOf(CancellationException.class)
                    .satisfies(e -> assertThat(e.getSuppressed()).singleElement()
                            .satisfies(first -> assertThat(first.getSuppressed()).hasSize(1)));
        }
    }

    @Test
    void selectKeepsTheWinnerAlthoughACancelThrows() throws Exception {
        List<Throwable> uncaught = new ArrayList<>();
        Executor executor = Executor.open(ExecutorOptions.defaults().uncaught(uncaught::add));
        ScriptedFuture<Object> last = ScriptedFuture.pending();
        Future<Object> first = select(throwingInCancel(), ScriptedFuture.ready("won"), throwingInCancel(), last);
        assertThat(executor.submit(first).join()).isEqualTo("won");
        assertThat(last.cancels).isEqualTo(1);
        assertThat(uncaught).singleElement().satisfies(e -> assertThat(e).hasMessage("in cancel")
                .satisfies(one -> assertThat(one.getSuppressed()).hasSize(1)));
    }

    @Test
    void timeoutIsATimeoutAlthoughTheCancelThrows() throws Exception {
        assertThatThrownBy(() -> Executor.blockOn(Async.timeout(throwingInCancel(), Duration.ZERO)))
                .isInstanceOf(TimeoutException.class).satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blockUnwindsAlthoughTheCancelOfItsFutureThrows(boolean fast) throws Exception {
        JoinHandle<Void> task = Executor.spawn(block(fast, () -> {
            try {
                await(throwingInCancel());
            } finally {
                await(yieldNow());
                log.add("unwound");
            }
        }));
        assertThat(task.poll(() -> { })).isFalse();
        Executor.current().turn();
        task.abort();
        Executor.run();
        assertThat(log).containsExactly("unwound");
        assertThatThrownBy(task::result).hasSuppressedException(new IllegalArgumentException("in cancel"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blockMayBeCancelledByTheCodeOfAnother(boolean fast) throws Exception {
        Future<Void> inner = block(fast, () -> {
            try {
                await(Timer.sleep(LONG));
            } finally {
                await(yieldNow());
                log.add("unwound");
            }
        });
        Executor.spawn(block(fast, () -> {
            await(new ScriptedFuture<Void>(waker -> !inner.poll(waker)));
            inner.cancel();
            inner.cancel();
            log.add("cancelled");
        }));
        Executor.run();
        assertThat(log).containsExactly("cancelled", "unwound");
    }

    @Test
    void failedJoinKeepsWhatTheCancelOfTheOthersThrows() throws Exception {
        IOException failure = new IOException("one of them");
        JoinHandle<?> task = Executor.spawn(join(throwingInCancel(), ScriptedFuture.ready(1).failure(failure), throwingInCancel()));
        assertThat(task.poll(() -> { })).isFalse();
        Executor.run();
        assertThatThrownBy(task::result).isSameAs(failure)
                .satisfies(e -> assertThat(e.getSuppressed()).extracting(Throwable::getMessage)
                        .containsExactly("in cancel", "in cancel"));
    }

    @Test
    void errorThatACancelInsideASelectThrowsIsKept() throws Exception {
        StackOverflowError error = new StackOverflowError("in cancel");
        ScriptedFuture<Object> future = ScriptedFuture.pending();
        future.whenCancelled = () -> {
            throw error;
        };
        JoinHandle<?> task = Executor.spawn(select(future));
        assertThat(task.poll(() -> { })).isFalse();
        Executor.current().turn();
        task.abort();
        Executor.run();
        assertThatThrownBy(task::result).isInstanceOf(CancellationException.class)
                .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(error));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void awaitedFutureThatThrowsInPollAndInCancelLosesNeither(boolean fast) throws Exception {
        IllegalArgumentException inPoll = new IllegalArgumentException("in poll");
        ScriptedFuture<Void> broken = new ScriptedFuture<>(waker -> {
            throw inPoll;
        });
        broken.whenCancelled = () -> {
            throw new IllegalArgumentException("in cancel");
        };
        Executor.blockOn(block(fast, () -> {
            assertThatThrownBy(() -> await(broken)).hasCause(inPoll);
            await(yieldNow());
        }));
        assertThat(inPoll.getSuppressed()).singleElement().satisfies(e -> assertThat(e).hasMessage("in cancel"));
    }
}
