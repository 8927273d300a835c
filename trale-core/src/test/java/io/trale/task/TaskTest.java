package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.trale.future.Waker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// The states of a task, wake by wake. After each step, the numbers of polls, cancels and reports are checked.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class TaskTest {

    private final List<Throwable> uncaught = new ArrayList<>();

    private interface Body {
        void run(Executor executor) throws Exception;
    }

    private void withExecutor(Body body) throws Exception {
        try (Executor executor = Executor.open(ExecutorOptions.defaults().uncaught(uncaught::add))) {
            body.run(executor);
        }
    }

    // ---- waking

    @Test
    void wakingTwiceIsOnePoll() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Void> future = ScriptedFuture.pending();
            executor.submit(future);
            assertThat(future.polls).isZero();
            executor.turn();
            assertThat(future.polls).isEqualTo(1);
            executor.turn();
            assertThat(future.polls).as("not woken").isEqualTo(1);
            future.waker.wake();
            future.waker.wake();
            executor.turn();
            assertThat(future.polls).isEqualTo(2);
            executor.turn();
            assertThat(future.polls).isEqualTo(2);
        });
    }

    @Test
    void wakeBeforeTheFirstPollIsNoSecondPoll() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Void> future = ScriptedFuture.pending();
            Waker task = (Waker) executor.submit(future);
            task.wake();
            executor.turn();
            assertThat(future.polls).isEqualTo(1);
        });
    }

    @Test
    void wakeDuringThePollIsAnotherPoll() throws Exception {
        withExecutor(executor -> {
            AtomicInteger left = new AtomicInteger(3);
            ScriptedFuture<Void> future = new ScriptedFuture<>(waker -> {
                if (left.decrementAndGet() > 0) {
                    waker.wake();
                    waker.wake();
                }
                return false;
            });
            executor.submit(future);
            executor.turn();
            assertThat(future.polls).isEqualTo(3);
        });
    }

    @Test
    void wakeDuringThePollThatCompletesIsNoOtherPoll() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<String> future = new ScriptedFuture<String>(waker -> {
                waker.wake();
                return true;
            }).value("done");
            JoinHandle<String> handle = executor.submit(future);
            executor.turn();
            executor.turn();
            assertThat(future.polls).isEqualTo(1);
            assertThat(handle.result()).isEqualTo("done");
        });
    }

    @Test
    void wakesFromAnotherThreadReachASleepingLoop() throws Exception {
        withExecutor(executor -> {
            SynchronousQueue<Waker> toWake = new SynchronousQueue<>();
            Thread other = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 1000; i++) {
                        toWake.take().wake();
                    }
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            AtomicInteger polls = new AtomicInteger();
            executor.submit(new ScriptedFuture<Void>(waker -> {
                if (polls.incrementAndGet() > 1000) {
                    return true;
                }
                put(toWake, waker);
                return false;
            }));
            executor.runToEnd();
            other.join();
            assertThat(polls.get()).isEqualTo(1001);
        });
    }

    @Test
    void wakeFromAnotherThreadDuringThePollIsAnotherPoll() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Void> future = new ScriptedFuture<>(waker -> {
                Thread other = Thread.ofPlatform().start(waker::wake);
                join(other);
                return false;
            });
            AtomicInteger polls = new AtomicInteger();
            ScriptedFuture<Void> last = new ScriptedFuture<>(waker -> {
                if (polls.incrementAndGet() == 5) {
                    return true;
                }
                future.poll(waker);
                return false;
            });
            executor.submit(last);
            executor.runToEnd();
            assertThat(polls.get()).isEqualTo(5);
        });
    }

    // ---- failures

    @Test
    void failureGoesToTheHandleAndAffectsNoOtherTask() throws Exception {
        withExecutor(executor -> {
            IOException inResult = new IOException("in result");
            IllegalArgumentException inPoll = new IllegalArgumentException("in poll");
            AssertionError error = new AssertionError("an error");
            JoinHandle<Void> first = executor.submit(ScriptedFuture.<Void>ready(null).failure(inResult));
            JoinHandle<Void> second = executor.submit(throwing(inPoll));
            JoinHandle<Void> third = executor.submit(ScriptedFuture.<Void>ready(null).failure(error));
            JoinHandle<Integer> healthy = executor.submit(ScriptedFuture.ready(42));
            for (JoinHandle<?> handle : List.of(first, second, third, healthy)) {
                assertThat(handle.poll(() -> { })).isFalse();
            }
            executor.runToEnd();
            assertThat(catchThrowable(first::result)).isSameAs(inResult);
            assertThat(catchThrowable(second::result)).isSameAs(inPoll);
            assertThat(catchThrowable(third::result)).isSameAs(error);
            assertThat(healthy.result()).isEqualTo(42);
            assertThat(uncaught).isEmpty();
        });
    }

    @Test
    void failureWithoutAWaiterGoesToTheUncaughtHandler() throws Exception {
        withExecutor(executor -> {
            IOException failure = new IOException("unjoined");
            JoinHandle<Void> handle = executor.submit(ScriptedFuture.<Void>ready(null).failure(failure));
            JoinHandle<Integer> healthy = executor.submit(ScriptedFuture.ready(42));
            executor.runToEnd();
            assertThat(uncaught).containsExactly(failure);
            assertThat(handle.isDone()).isTrue();
            assertThat(catchThrowable(handle::result)).as("a late join throws it, too").isSameAs(failure);
            assertThat(healthy.result()).isEqualTo(42);
        });
    }

    @Test
    void failureTakenInTheSameTurnIsNotReported() throws Exception {
        withExecutor(executor -> {
            IOException failure = new IOException("joined too late to wait");
            JoinHandle<Void> failing = executor.submit(ScriptedFuture.<Void>ready(null).failure(failure));
            List<Throwable> thrown = new ArrayList<>();
            executor.submit(new ScriptedFuture<Void>(waker -> {
                assertThat(failing.poll(waker)).as("it has ended without a waiter").isTrue();
                thrown.add(catchThrowable(failing::result));
                return true;
            }));
            executor.runToEnd();
            assertThat(thrown).containsExactly(failure);
            assertThat(uncaught).isEmpty();
        });
    }

    @Test
    void failureNotTakenIsReportedBeforeTheLoopSleeps() throws Exception {
        CountDownLatch reported = new CountDownLatch(1);
        try (Executor executor = Executor.start("loop", ExecutorOptions.defaults().uncaught(e -> reported.countDown()))) {
            executor.submit(ScriptedFuture.<Void>ready(null).failure(new IOException("unjoined")));
            reported.await();
        }
    }

    @Test
    void failureOfADetachedTaskGoesToTheUncaughtHandler() throws Exception {
        withExecutor(executor -> {
            IOException failure = new IOException("detached");
            ScriptedFuture<Void> future = ScriptedFuture.<Void>ready(null).failure(failure);
            JoinHandle<Void> handle = executor.submit(future);
            AtomicInteger wakes = new AtomicInteger();
            handle.poll(wakes::incrementAndGet);
            handle.cancel();
            handle.cancel();
            executor.runToEnd();
            assertThat(future.polls).as("it continues").isEqualTo(1);
            assertThat(future.cancels).isZero();
            assertThat(uncaught).containsExactly(failure);
            assertThat(wakes.get()).isZero();
        });
    }

    @Test
    void throwingUncaughtHandlerAffectsNoOtherTask() throws Exception {
        ExecutorOptions options = ExecutorOptions.defaults().uncaught(failure -> {
            throw new IllegalStateException("the handler");
        });
        List<Throwable> last = new ArrayList<>();
        Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> last.add(failure));
        try (Executor executor = Executor.open(options)) {
            IOException failure = new IOException("the task");
            executor.submit(ScriptedFuture.<Void>ready(null).failure(failure));
            JoinHandle<Integer> healthy = executor.submit(ScriptedFuture.ready(42));
            executor.runToEnd();
            assertThat(healthy.result()).isEqualTo(42);
            assertThat(last).singleElement().satisfies(e -> assertThat(e).hasMessage("the handler")
                    .hasSuppressedException(failure));
        }
    }

    @Test
    void throwingWakerOfAJoinerIsReported() throws Exception {
        withExecutor(executor -> {
            IllegalArgumentException failure = new IllegalArgumentException("the joiner's waker");
            JoinHandle<Integer> handle = executor.submit(ScriptedFuture.ready(1));
            handle.poll(() -> {
                throw failure;
            });
            ScriptedFuture<Integer> waiting = new ScriptedFuture<Integer>(waker -> {
                waker.wake();
                return handle.isDone();
            }).value(2);
            JoinHandle<Integer> other = executor.submit(waiting);
            executor.runToEnd();
            assertThat(handle.result()).as("the task itself did not fail").isEqualTo(1);
            assertThat(other.isDone()).as("run returned with a task left").isTrue();
            assertThat(uncaught).containsExactly(failure);
            ScriptedFuture<Integer> pending = ScriptedFuture.pending();
            executor.submit(pending);
            assertThat(executor.turn()).as("tasks are counted right").isTrue();
        });
    }

    // ---- handles

    @Test
    void resultBeforeTheEndThrows() throws Exception {
        withExecutor(executor -> {
            JoinHandle<Void> handle = executor.submit(ScriptedFuture.pending());
            assertThatThrownBy(handle::result).isInstanceOf(IllegalStateException.class)
                    .hasMessage("the task has not ended");
            executor.turn();
            assertThat(handle.isDone()).isFalse();
            assertThatThrownBy(handle::result).isInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void lastWakerOfAHandleIsWoken() throws Exception {
        withExecutor(executor -> {
            JoinHandle<Integer> handle = executor.submit(ScriptedFuture.ready(7));
            AtomicInteger first = new AtomicInteger();
            AtomicInteger second = new AtomicInteger();
            assertThat(handle.poll(first::incrementAndGet)).isFalse();
            assertThat(handle.poll(second::incrementAndGet)).isFalse();
            executor.turn();
            assertThat(first.get()).isZero();
            assertThat(second.get()).isEqualTo(1);
            assertThat(handle.poll(first::incrementAndGet)).isTrue();
            assertThat(handle.result()).isEqualTo(7);
        });
    }

    @Test
    void cancelOfAReplacedWaiterLeavesItsSuccessorWaiting() throws Exception {
        withExecutor(executor -> {
            JoinHandle<Integer> handle = executor.submit(ScriptedFuture.ready(7));
            AtomicInteger first = new AtomicInteger();
            AtomicInteger second = new AtomicInteger();
            handle.poll(first::incrementAndGet);
            handle.poll(second::incrementAndGet);
            handle.cancel(); // by the first waiter
            executor.runToEnd();
            assertThat(first.get()).isZero();
            assertThat(second.get()).isEqualTo(1);
        });
    }

    @Test
    void failureOfATaskThatTwoWaitersLeftIsReported() throws Exception {
        withExecutor(executor -> {
            IOException failure = new IOException("no waiter");
            JoinHandle<Integer> handle = executor.submit(ScriptedFuture.<Integer>ready(null).failure(failure));
            handle.poll(() -> { });
            Waker second = () -> { };
            handle.poll(second);
            handle.poll(second);
            handle.cancel();
            handle.cancel();
            executor.runToEnd();
            assertThat(uncaught).containsExactly(failure);
        });
    }

    @Test
    void taskWaitsForAnotherTask() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Integer> slow = new ScriptedFuture<Integer>(new CountDown(3)::step).value(5);
            JoinHandle<Integer> inner = executor.submit(slow);
            assertThat(executor.submit(inner).join()).isEqualTo(5);
        });
    }

    private static final class CountDown {
        private int left;

        CountDown(int polls) {
            left = polls;
        }

        boolean step(Waker waker) {
            waker.wake();
            return --left == 0;
        }
    }

    @Test
    void joinFromAnotherThreadWaitsForTheResult() throws Exception {
        try (Executor executor = Executor.start("join", ExecutorOptions.defaults().uncaught(late -> { }))) {
            CountDownLatch polled = new CountDownLatch(1);
            ScriptedFuture<String> future = new ScriptedFuture<String>(new CountDown(2)::step).value("joined");
            ScriptedFuture<String> gate = new ScriptedFuture<String>(waker -> {
                polled.countDown();
                return future.poll(waker);
            }).value("joined");
            JoinHandle<String> handle = executor.submit(gate);
            polled.await();
            assertThat(handle.join()).isEqualTo("joined");
            assertThat(handle.join()).as("once more").isEqualTo("joined");
            IOException failure = new IOException("joined failure");
            JoinHandle<Void> failing = executor.submit(ScriptedFuture.<Void>ready(null).failure(failure));
            assertThat(catchThrowable(failing::join)).isSameAs(failure);
        }
    }

    @Test
    void interruptedJoinDetaches() throws Exception {
        try (Executor executor = Executor.start("join")) {
            JoinHandle<Void> handle = executor.submit(ScriptedFuture.pending());
            Thread.currentThread().interrupt();
            assertThatThrownBy(handle::join).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
            assertThat(handle.isDone()).isFalse();
        }
    }

    @Test
    void failureAfterAnInterruptedJoinIsReported() throws Exception {
        CompletableFuture<Throwable> reported = new CompletableFuture<>();
        IOException failure = new IOException("no waiter");
        CountDownLatch joined = new CountDownLatch(1);
        try (Executor executor = Executor.start("join", ExecutorOptions.defaults().uncaught(reported::complete))) {
            JoinHandle<Void> handle = executor.submit(new ScriptedFuture<Void>(waker -> {
                await(joined);
                return true;
            }).failure(failure));
            Thread.currentThread().interrupt();
            assertThatThrownBy(handle::join).isInstanceOf(InterruptedException.class);
            joined.countDown();
            assertThat(reported.join()).isSameAs(failure);
        }
    }

    @Test
    void joinInsideARunningExecutorThrows() throws Exception {
        try (Executor elsewhere = Executor.start("elsewhere")) {
            JoinHandle<Integer> foreign = elsewhere.submit(ScriptedFuture.ready(1));
            withExecutor(executor -> {
                JoinHandle<Integer> own = executor.submit(ScriptedFuture.ready(2));
                List<Throwable> thrown = new ArrayList<>();
                executor.submit(new ScriptedFuture<Void>(waker -> {
                    thrown.add(catchThrowable(own::join));
                    thrown.add(catchThrowable(foreign::join));
                    return true;
                }));
                executor.runToEnd();
                assertThat(thrown).hasSize(2).allSatisfy(t -> assertThat(t).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("poll the handle"));
                assertThat(own.join()).as("and outside it does not").isEqualTo(2);
                assertThat(foreign.join()).isEqualTo(1);
            });
        }
    }

    // ---- abort

    @Test
    void abortBeforeTheFirstPollCancelsWithoutAPoll() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Void> future = ScriptedFuture.pending();
            JoinHandle<Void> handle = executor.submit(future);
            handle.abort();
            assertThat(handle.isDone()).as("at its next turn").isFalse();
            executor.runToEnd();
            assertThat(future.polls).isZero();
            assertThat(future.cancels).isEqualTo(1);
            assertThat(handle.isDone()).isTrue();
            assertThatThrownBy(handle::result).isInstanceOf(CancellationException.class);
            assertThat(uncaught).as("an abort is no failure").isEmpty();
        });
    }

    @Test
    void abortWhileWaitingCancelsOnce() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Void> future = ScriptedFuture.pending();
            JoinHandle<Void> handle = executor.submit(future);
            executor.turn();
            handle.abort();
            handle.abort();
            executor.runToEnd();
            handle.abort();
            future.waker.wake();
            executor.turn();
            assertThat(future.polls).isEqualTo(1);
            assertThat(future.cancels).isEqualTo(1);
            assertThatThrownBy(handle::result).isInstanceOf(CancellationException.class);
        });
    }

    @Test
    void abortAfterTheEndChangesNothing() throws Exception {
        withExecutor(executor -> {
            ScriptedFuture<Integer> future = ScriptedFuture.ready(3);
            JoinHandle<Integer> handle = executor.submit(future);
            executor.runToEnd();
            handle.abort();
            executor.turn();
            assertThat(future.cancels).isZero();
            assertThat(handle.result()).isEqualTo(3);
        });
    }

    @Test
    void abortFromInsideThePollTakesEffectAfterIt() throws Exception {
        withExecutor(executor -> {
            JoinHandle<?>[] handle = new JoinHandle<?>[2];
            ScriptedFuture<Void> pending = new ScriptedFuture<>(waker -> {
                handle[0].abort();
                return false;
            });
            ScriptedFuture<Integer> completing = new ScriptedFuture<Integer>(waker -> {
                handle[1].abort();
                return true;
            }).value(4);
            handle[0] = executor.submit(pending);
            handle[1] = executor.submit(completing);
            executor.runToEnd();
            assertThat(pending.polls).isEqualTo(1);
            assertThat(pending.cancels).isEqualTo(1);
            assertThat(completing.cancels).isZero();
            assertThat(handle[1].result()).as("it had ended").isEqualTo(4);
        });
    }

    @Test
    void abortFromAnotherThreadEndsASleepingTask() throws Exception {
        try (Executor executor = Executor.start("abort")) {
            CountDownLatch polled = new CountDownLatch(1);
            ScriptedFuture<Void> future = new ScriptedFuture<>(waker -> {
                polled.countDown();
                return false;
            });
            JoinHandle<Void> handle = executor.submit(future);
            polled.await();
            handle.abort();
            assertThatThrownBy(handle::join).isInstanceOf(CancellationException.class);
            assertThat(future.cancels).isEqualTo(1);
        }
    }

    @Test
    void failureOfACancelIsNotSwallowed() throws Exception {
        withExecutor(executor -> {
            IllegalArgumentException failure = new IllegalArgumentException("in cancel");
            for (boolean joined : new boolean[] {true, false}) {
                ScriptedFuture<Void> future = ScriptedFuture.pending();
                future.whenCancelled = () -> {
                    throw failure;
                };
                JoinHandle<Void> handle = executor.submit(future);
                if (joined) {
                    handle.poll(() -> { });
                }
                handle.abort();
                executor.runToEnd();
                assertThatThrownBy(handle::result).isInstanceOf(CancellationException.class)
                        .hasSuppressedException(failure);
                assertThat(uncaught).hasSize(joined ? 0 : 1);
            }
            assertThat(uncaught.getFirst()).hasSuppressedException(failure);
        });
    }

    private static ScriptedFuture<Void> throwing(RuntimeException failure) {
        return new ScriptedFuture<>(waker -> {
            throw failure;
        });
    }

    private static void put(SynchronousQueue<Waker> queue, Waker waker) {
        try {
            queue.put(waker);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
