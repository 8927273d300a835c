package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.select;
import static io.trale.task.Async.timeout;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.sim.SimKernel;
import io.trale.time.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Async blocks of both kinds: await, order, cancellation and stack traces.
@org.junit.jupiter.api.Timeout(60) // by its full name: there is a Timeout in this package
class AsyncTest {

    private static final Duration SHORT = Duration.ofMillis(5);
    private static final Duration LONG = Duration.ofDays(1);

    private final List<String> log = new ArrayList<>();

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    private static <T> Future<T> block(boolean fast, Callable<T> body) {
        return new Block<>(body, fast);
    }

    private static Future<Void> block(boolean fast, Async.Body body) {
        return new Block<>(() -> {
            body.run();
            return null;
        }, fast);
    }

    @Test
    void testsRunInTheFastMode() {
        assertThat(Async.isFast()).as("--add-opens java.base/java.lang=io.trale.core").isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blocksSleepConcurrentlyInTheOrderOfTheirDeadlines(boolean fast) throws Exception {
        Executor.open(new SimKernel(0), ExecutorOptions.defaults()); // virtual time
        Executor.spawn(block(fast, () -> {
            await(Timer.sleep(SHORT.multipliedBy(4)));
            log.add("A");
        }));
        Executor.spawn(block(fast, () -> {
            await(Timer.sleep(SHORT));
            log.add("B");
            await(Timer.sleep(SHORT));
            log.add("C");
        }));
        Executor.run();
        assertThat(log).containsExactly("B", "C", "A");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blocksNest(boolean fast) throws Exception {
        int result = Executor.blockOn(block(fast, () -> {
            int one = await(block(fast, () -> {
                await(yieldNow());
                return await(block(fast, () -> 1));
            }));
            List<Integer> both = await(join(block(fast, () -> {
                await(Timer.sleep(SHORT));
                return 20;
            }), block(fast, () -> 300)));
            int four = await(timeout(block(fast, () -> {
                await(yieldNow());
                return 4000;
            }), LONG));
            return one + both.get(0) + both.get(1) + four;
        }));
        assertThat(result).isEqualTo(4321);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void subtasksAreSpawnedAndJoinedInside(boolean fast) throws Exception {
        int result = Executor.blockOn(block(fast, () -> {
            JoinHandle<Integer> child = Executor.spawn(block(fast, () -> {
                await(Timer.sleep(SHORT));
                return 42;
            }));
            return await(child);
        }));
        assertThat(result).isEqualTo(42);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void failureOfAnAwaitedBlockNamesTheLinesOfBoth(boolean fast) {
        assertThatThrownBy(() -> Executor.blockOn(block(fast, () -> {
            await(block(fast, () -> {
                await(yieldNow());
                throw new IllegalArgumentException("inside");
            }));
        }))).isInstanceOf(IllegalArgumentException.class).hasMessage("inside")
                .satisfies(e -> assertThat(e.getStackTrace()).anyMatch(f -> f.getClassName().equals(AsyncTest.class.getName())));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void failureOfALeafNamesTheLineThatAwaitedIt(boolean fast) {
        assertThatThrownBy(() -> Executor.blockOn(block(fast, () -> openAMissingFile())))
                .hasMessageContaining("ENOENT")
                .satisfies(e -> assertThat(e.getStackTrace()).anyMatch(f -> f.getMethodName().equals("openAMissingFile")));
    }

    private static void openAMissingFile() throws Exception {
        await(File.open(Path.of("/proc/self/no such file")));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void timeoutCancelsALateFuture(boolean fast) {
        assertThatThrownBy(() -> Executor.blockOn(timeout(block(fast, () -> {
            try {
                await(Timer.sleep(LONG));
            } finally {
                log.add("unwound");
            }
        }), SHORT))).isInstanceOf(TimeoutException.class).hasMessageContaining("PT0.005S");
        assertThat(log).containsExactly("unwound");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void selectTakesTheFirstAndCancelsTheOthers(boolean fast) throws Exception {
        String first = Executor.blockOn(select(block(fast, () -> {
            try {
                await(Timer.sleep(LONG));
            } finally {
                log.add("unwound");
            }
            return "slow";
        }), block(fast, () -> {
            await(Timer.sleep(SHORT));
            return "fast";
        })));
        assertThat(first).isEqualTo("fast");
        assertThat(log).containsExactly("unwound");
    }

    private static final class Closeable implements AutoCloseable {
        private int closes;

        @Override
        public void close() {
            closes++;
        }
    }

    @Test
    void discardedValuesOfAJoinAreClosed() throws Exception {
        Closeable ofFailed = new Closeable();
        Closeable ofAborted = new Closeable();
        Closeable taken = new Closeable();
        JoinHandle<?> failing = Executor.spawn(join(ScriptedFuture.ready(ofFailed), ScriptedFuture.ready("no closeable"),
                ScriptedFuture.ready(1).failure(new IllegalArgumentException("one of them"))));
        JoinHandle<?> aborted = Executor.spawn(join(ScriptedFuture.ready(ofAborted), ScriptedFuture.pending()));
        Executor.current().turn();
        aborted.abort();
        assertThat(Executor.blockOn(join(ScriptedFuture.ready(taken)))).containsExactly(taken);
        assertThatThrownBy(failing::join).hasMessage("one of them");
        assertThat(ofFailed.closes).isEqualTo(1);
        assertThat(ofAborted.closes).isEqualTo(1);
        assertThat(taken.closes).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void awaitedFutureWhosePollThrowsIsCancelled(boolean fast) throws Exception {
        ScriptedFuture<Void> broken = new ScriptedFuture<>(waker -> {
            throw new IllegalArgumentException("in poll");
        });
        Executor.blockOn(block(fast, () -> {
            assertThatThrownBy(() -> await(broken)).hasMessageContaining("polling").hasRootCauseMessage("in poll");
        }));
        assertThat(broken.cancels).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blockCannotBePolledByTheCodeOfAnother(boolean fast) throws Exception {
        Future<Integer> inner = block(fast, () -> {
            await(yieldNow());
            return 1;
        });
        int result = Executor.blockOn(block(fast, () -> {
            assertThatThrownBy(() -> inner.poll(() -> { })).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("await it");
            return await(inner);
        }));
        assertThat(result).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interruptedThreadStillAwaitsAndKeepsItsFlag(boolean fast) throws Exception {
        Executor.blockOn(block(fast, () -> {
            Thread.currentThread().interrupt();
            await(Timer.sleep(SHORT));
            assertThat(Thread.interrupted()).isTrue();
        }));
    }

    @Test
    void blockedBlocksLetTheOthersContinue() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        CountDownLatch locked = new CountDownLatch(1);
        CountDownLatch unlock = new CountDownLatch(1);
        Thread holder = Thread.ofPlatform().start(() -> {
            lock.lock();
            locked.countDown();
            try {
                unlock.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            lock.unlock();
        });
        locked.await();
        Executor.spawn(async(() -> {
            lock.lock();
            log.add("got the lock");
            lock.unlock();
        }));
        Executor.spawn(async(() -> {
            Thread.sleep(1);
            log.add("slept");
            unlock.countDown();
        }));
        Executor.run();
        holder.join();
        assertThat(log).containsExactly("slept", "got the lock");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void virtualThreadsOfABlockRunOnTheJdksScheduler(boolean fast) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(2);
        Runnable body = () -> {
            try {
                go.await();
                Thread.yield();
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            done.countDown();
        };
        Executor.blockOn(block(fast, () -> {
            Thread.startVirtualThread(body);
            await(yieldNow());
            Thread.startVirtualThread(body);
            await(Timer.sleep(SHORT));
        }));
        go.countDown();
        done.await(); // they run on after the end of the block and its executor
    }

    @Test
    void blockMayWaitForAVirtualThreadAndForASocketOfTheJdk() throws Exception {
        Executor.blockOn(async(() -> {
            Thread.startVirtualThread(() -> log.add("child")).join();
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    Socket client = new Socket(listener.getInetAddress(), listener.getLocalPort());
                    Socket server = listener.accept()) {
                Thread.startVirtualThread(() -> {
                    try {
                        server.getOutputStream().write(7);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                assertThat(client.getInputStream().read()).isEqualTo(7);
            }
        }));
        assertThat(log).containsExactly("child");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void awaitOfNullThrows(boolean fast) throws Exception {
        Future<Void> none = null;
        Executor.blockOn(block(fast, () -> {
            assertThatThrownBy(() -> await(none)).isInstanceOf(NullPointerException.class);
            await(yieldNow());
        }));
        assertThatThrownBy(() -> timeout(none, SHORT)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> select(yieldNow(), none)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> join(yieldNow(), none)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Executor.spawn(none)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Executor.current().onClose(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aBlockMayHoldAMonitorWhileItAwaitsAndAnotherWaitsForIt() throws Exception {
        Object monitor = new Object();
        Executor.spawn(async(() -> {
            synchronized (monitor) {
                await(yieldNow());
                log.add("first");
                await(Timer.sleep(SHORT));
                log.add("first still");
                monitor.wait();
                log.add("first again");
            }
        }));
        Executor.spawn(async(() -> {
            synchronized (monitor) {
                log.add("second");
                await(Timer.sleep(SHORT));
                monitor.notify();
                log.add("second still");
            }
        }));
        Executor.run();
        assertThat(log).containsExactly("first", "first still", "second", "second still", "first again");
    }

    @Test
    void awaitOutsideOfABlockThrowsWithARemedy() {
        assertThatThrownBy(() -> await(yieldNow())).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("async(...)").hasMessageContaining("blockOn");
    }

    @Test
    void blockOnInsideABlockThrows() {
        assertThatThrownBy(() -> Executor.blockOn(async(() -> Executor.blockOn(yieldNow()))))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aHundredThousandAwaitsOverflowNoStack() throws Exception {
        int count = Executor.blockOn(async(() -> {
            int sum = 0;
            for (int i = 0; i < 100_000; i++) {
                await(yieldNow());
                sum++;
            }
            return sum;
        }));
        assertThat(count).isEqualTo(100_000);
    }

    @Test
    void blockThatYieldsItsThreadGoesOnAfterTheOtherTasks() throws Exception {
        Executor.spawn(async(() -> {
            log.add("first");
            Thread.yield();
            log.add("first again");
        }));
        Executor.spawn(async(() -> {
            log.add("second");
        }));
        Executor.run();
        assertThat(log).containsExactly("first", "second", "first again");
    }
}
