package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.linux.Errno;
import io.trale.sync.EventFd;
import io.trale.sync.Mutex;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.ProcSelf;
import io.trale.time.Timer;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The faults of the executor and the reactor of the Rust original, one test each; the comments describe what the original did.
/// [OriginalIoFaultsTest] has the faults of its sockets, files and timers. B22, of its web server, is in `WebServerTest` of the
/// examples.
@org.junit.jupiter.api.Timeout(60) // by its full name: there is a Timeout in this package
class OriginalLoopFaultsTest {

    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Duration LONG = Duration.ofDays(1);

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    /// It panicked on the 1,025th operation of a turn, and aborted because it panicked again while unwinding.
    @Test
    void b03_moreOperationsThanEntriesAreAllSubmitted() throws Exception {
        Executor.open(ExecutorOptions.defaults().ringEntries(4, 8));
        EventFd event = EventFd.semaphore();
        List<JoinHandle<Integer>> takes = IntStream.range(0, 2000).mapToObj(i -> Executor.spawn(event.take())).toList();
        Executor.current().turn();
        event.signal(2000);
        Executor.run();
        assertThat(takes).allMatch(JoinHandle::isDone);
        event.close();
    }

    /// It panicked when a signal ended a sleep: with `EINTR`, or after a submission but without a completion.
    @Test
    void b04_sleepContinuesAfterASignal() throws Exception {
        var kernel = new InterceptedKernel() {
            private int signals;

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                if (minComplete > 0 && signals < 10) {
                    signals++;
                    return toSubmit > 0 ? super.ioUringEnter(ringFd, toSubmit, 0, flags, arg, argBytes) : -Errno.EINTR;
                }
                return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            }
        };
        Executor.open(kernel, ExecutorOptions.defaults());
        while (kernel.signals < 10) { // on a slow machine, few signals hit one sleep
            long start = kernel.nanoTime();
            Executor.blockOn(Timer.sleep(SHORT));
            assertThat(kernel.nanoTime() - start).isGreaterThanOrEqualTo(SHORT.toNanos());
        }
    }

    /// It panicked when a runnable or running task was woken: by itself, or by a second operation.
    @Test
    void b05_runnableOrRunningTaskMayBeWoken() throws Exception {
        AtomicInteger polls = new AtomicInteger();
        Executor.blockOn(new ScriptedFuture<Void>(waker -> {
            waker.wake();
            waker.wake();
            return polls.incrementAndGet() == 5;
        }));
        EventFd event = EventFd.semaphore();
        event.signal(2);
        assertThat(Executor.blockOn(join(event.take(), event.take()))).containsExactly(1, 1);
        event.close();
    }

    /// It woke the task that had taken the place of the ended one, or panicked if there was none.
    @Test
    void b06_wakerOfATaskThatHasEndedWakesNoOther() throws Exception {
        ScriptedFuture<Void> ended = ScriptedFuture.ready(null);
        Executor.blockOn(ended);
        ScriptedFuture<Void> other = ScriptedFuture.pending();
        JoinHandle<Void> task = Executor.spawn(other);
        Executor.current().turn();
        ended.waker.wake();
        Executor.current().turn();
        assertThat(other.polls).isEqualTo(1);
        task.abort();
        Executor.run();
    }

    /// It looked up the task on the thread that called the waker, panicked there, and did not wake the task.
    @Test
    void b07_wakerWorksOnAnotherThread() throws Exception {
        CountDownLatch sleeping = new CountDownLatch(1);
        ScriptedFuture<Void> future = new ScriptedFuture<>(waker -> {
            if (sleeping.getCount() > 0) {
                sleeping.countDown();
                return false;
            }
            return true;
        });
        Thread other = Thread.ofPlatform().start(() -> {
            try {
                sleeping.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            future.waker.wake();
        });
        Executor.blockOn(future);
        other.join();
        assertThat(future.polls).isEqualTo(2);
    }

    /// It did not return, because it waited for a completion before it checked for tasks.
    @Test
    void b08_runWithNoTaskReturns() throws Exception {
        Executor.run();
        Executor.run();
        assertThat(Executor.current().stats().inFlight()).isZero();
    }

    /// The read of a cancelled lock or wait took the permit, which was then lost.
    @Test
    void b09_permitOfACancelledLockOrWaitGoesToTheNext() throws Exception {
        Mutex<String> mutex = new Mutex<>("");
        EventFd event = EventFd.semaphore();
        Executor.blockOn(async(() -> {
            Mutex<String>.Guard guard = await(mutex.lock());
            JoinHandle<?> lock = Executor.spawn(mutex.lock());
            JoinHandle<?> take = Executor.spawn(event.take());
            await(yieldNow());
            guard.close(); // grants the lock
            event.signal();
            lock.abort(); // before its waiter has run
            take.abort();
            await(mutex.lock()).close();
            assertThat(await(event.take())).isEqualTo(1);
        }));
        event.close();
    }

    /// It kept the waker of the first poll, so a future that moved to another task did not wake that task.
    @Test
    void b13_wakerOfTheLastPollIsWoken() throws Exception {
        EventFd event = EventFd.semaphore();
        IntFuture take = event.take();
        List<String> woken = new ArrayList<>();
        Executor.blockOn(async(() -> {
            assertThat(take.poll(() -> woken.add("first"))).isFalse();
            assertThat(take.poll(() -> woken.add("second"))).isFalse();
            event.signal();
            while (woken.isEmpty()) {
                await(yieldNow());
            }
            assertThat(take.poll(() -> { })).isTrue();
            assertThat(take.resultAsInt()).isEqualTo(1);
        }));
        assertThat(woken).containsExactly("second");
        event.close();
    }

    /// It called wakers while its tables were borrowed, and panicked when a waker dropped a future with an operation.
    @Test
    void b14_wakerMayCancelOperationsAndCloseTheExecutor() throws Exception {
        Executor executor = Executor.current();
        EventFd event = EventFd.semaphore();
        IntFuture first = event.take();
        IntFuture second = event.take();
        IntFuture third = event.take();
        executor.submit(async(() -> {
            assertThat(first.poll(() -> {
                second.cancel();
                assertThat(third.poll(() -> { })).isFalse();
                executor.close();
            })).isFalse();
            assertThat(second.poll(() -> { })).isFalse();
            event.signal(2); // so that both complete in one batch
        }));
        executor.submit(Timer.sleep(LONG));
        executor.runToEnd();
        assertThat(executor.stats().inFlight()).isZero();
        assertThat(executor.stats().unknown()).isZero();
        assertThatThrownBy(executor::runToEnd).as("it is closed").hasMessageContaining("closed");
    }

    /// It entered the kernel only if no task was runnable, and ran the newest task first.
    @Test
    void b15_tasksRunInOrderAndStarveNoOther() throws Exception {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int number = i;
            Executor.spawn(new ScriptedFuture<Void>(waker -> order.add(number)));
        }
        JoinHandle<Void> busy = Executor.spawn(new ScriptedFuture<>(waker -> {
            waker.wake();
            return false;
        }));
        Executor.blockOn(Timer.sleep(SHORT));
        assertThat(order).containsExactlyElementsOf(IntStream.range(0, 10).boxed().toList());
        busy.abort();
        Executor.run();
    }

    /// A spawn created an eventfd and duplicated it, and a lock duplicated one: four system calls and two descriptors per task.
    @Test
    void b19_spawnJoinAndLockTakeNoDescriptorAndNoCall() throws Exception {
        Mutex<Integer> mutex = new Mutex<>(0);
        Executor.blockOn(async(() -> {
            long descriptors = ProcSelf.descriptors();
            long enters = Executor.current().stats().enters();
            List<JoinHandle<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                tasks.add(Executor.spawn(async(() -> {
                    try (Mutex<Integer>.Guard guard = await(mutex.lock())) {
                        guard.set(guard.get() + 1);
                    }
                })));
            }
            assertThat(ProcSelf.descriptors()).isEqualTo(descriptors);
            for (JoinHandle<Void> task : tasks) {
                await(task);
            }
            assertThat(Executor.current().stats().enters()).isEqualTo(enters);
            assertThat(ProcSelf.descriptors()).isEqualTo(descriptors);
        }));
    }

    /// It freed the slot of an operation on the first completion. A multishot operation was not possible: later completions would
    /// have gone to the next user of the slot.
    @Test
    void b20_operationWithManyCompletionsKeepsItsSlot() throws Exception {
        try (Executor executor = Executor.start("loop")) {
            for (int i = 0; i < 100; i++) { // each wakes the sleeping loop through the one poll of its eventfd
                assertThat(executor.submit(ScriptedFuture.ready(i)).join()).isEqualTo(i);
            }
            assertThat(executor.stats().unknown()).isZero();
            assertThat(executor.stats().submitted()).as("the poll, and its test").isLessThan(10);
        }
    }

    /// It panicked without io_uring, and the ring of a thread was closed in the order of destructors.
    @Test
    void b21_failedRingIsAnErrorAndThreadsLeakNone() throws Exception {
        var kernel = new InterceptedKernel() {
            @Override
            public int ioUringSetup(int entries, MemorySegment params) {
                return -Errno.EPERM;
            }
        };
        assertThatThrownBy(() -> Executor.start("loop", kernel, ExecutorOptions.defaults()))
                .isInstanceOf(ErrnoException.class).hasMessageContaining("io_uring");
        long before = ProcSelf.descriptors();
        for (int i = 0; i < 20; i++) {
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    Executor.blockOn(Timer.sleep(SHORT));
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            thread.join();
        }
        assertThat(ProcSelf.descriptors()).isEqualTo(before);
    }
}
