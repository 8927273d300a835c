package io.trale.task;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.ProcSelf;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The loop, its start and its end, on the real kernel. Each test has its own thread, and so its own executor.
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class ExecutorTest {

    private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorOptions options = ExecutorOptions.defaults().uncaught(uncaught::add);

    private static ScriptedFuture<Void> once(Runnable action) {
        return new ScriptedFuture<>(waker -> {
            action.run();
            return true;
        });
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
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

    // ---- running

    @Test
    void runWithNoTaskNeedsNoRing() throws Exception {
        var kernel = new InterceptedKernel() {
            @Override
            public int ioUringSetup(int entries, MemorySegment params) {
                return -Errno.ENOSYS;
            }
        };
        Executor executor = Executor.open(kernel, options);
        executor.runToEnd();
        assertThat(executor.turn()).isFalse();
        executor.close();
    }

    @Test
    void tasksRunInFifoOrder() throws Exception {
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 1000; i++) { // more than one turn takes
            String name = "task " + i;
            Executor.spawn(once(() -> {
                order.add(name);
                Executor.spawn(once(() -> order.add("child of " + name)));
            }));
        }
        Executor.run();
        assertThat(order).containsExactlyElementsOf(Stream.concat(
                IntStream.range(0, 1000).mapToObj(i -> "task " + i),
                IntStream.range(0, 1000).mapToObj(i -> "child of task " + i)).toList());
        Executor.current().close();
    }

    @Test
    void blockOnReturnsItsValueAndLeavesOtherTasksForTheNextRun() throws Exception {
        Executor executor = Executor.open(options);
        EventfdFuture signal = EventfdFuture.of(executor.reactor());
        JoinHandle<Integer> other = Executor.spawn(signal);
        assertThat(Executor.blockOn(ScriptedFuture.ready("value"))).isEqualTo("value");
        assertThat(other.isDone()).isFalse();
        signal.raise();
        Executor.run();
        assertThat(other.result()).isEqualTo(Net.POLLIN);
        IOException failure = new IOException("blocked on");
        assertThat(catchThrowable(() -> Executor.blockOn(ScriptedFuture.<Void>ready(null).failure(failure)))).isSameAs(failure);
        assertThat(uncaught).isEmpty();
        executor.close();
    }

    @Test
    void blockOnReturnsAlthoughAnotherTaskKeepsItselfRunnable() throws Exception {
        Executor executor = Executor.open(options);
        JoinHandle<Void> restless = Executor.spawn(new ScriptedFuture<>(waker -> {
            waker.wake();
            return false;
        }));
        assertThat(Executor.blockOn(ScriptedFuture.ready("value"))).isEqualTo("value");
        assertThat(restless.isDone()).isFalse();
        executor.close();
        assertThat(restless.isDone()).isTrue();
    }

    @Test
    void turnNeverSleepsAndReturnsWhetherTasksAreLeft() throws Exception {
        AtomicInteger sleeps = new AtomicInteger();
        var kernel = new InterceptedKernel() {
            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                sleeps.addAndGet(minComplete);
                return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            }
        };
        Executor executor = Executor.open(kernel, options);
        EventfdFuture signal = EventfdFuture.of(executor.reactor());
        JoinHandle<Integer> waiting = executor.submit(signal);
        for (int i = 0; i < 100; i++) {
            assertThat(executor.turn()).isTrue();
        }
        signal.raise();
        for (boolean left = true; left;) {
            assertThat(sleeps.get()).isZero();
            left = executor.turn();
        }
        assertThat(waiting.result()).isEqualTo(Net.POLLIN);
        executor.close();
    }

    @Test
    void statsAddUp() throws Exception {
        Executor executor = Executor.open(options);
        List<EventfdFuture> signals = IntStream.range(0, 10).mapToObj(i -> EventfdFuture.of(executor.reactor())).toList();
        signals.forEach(executor::submit);
        executor.turn();
        assertThat(executor.stats().inFlight()).isEqualTo(10);
        signals.forEach(EventfdFuture::raise);
        executor.runToEnd();
        Stats stats = executor.stats();
        assertThat(stats.inFlight()).isZero();
        assertThat(stats.unknown()).isZero();
        assertThat(stats.cancels()).as("the notifier's").isEqualTo(1);
        assertThat(stats.submitted()).as("ten, the notifier and its cancel").isEqualTo(12);
        executor.close();
    }

    @Test
    void runInsideARunThrows() throws Exception {
        List<Throwable> thrown = new ArrayList<>();
        Executor.spawn(once(() -> {
            thrown.add(catchThrowable(Executor::run));
            thrown.add(catchThrowable(() -> Executor.current().turn()));
        }));
        Executor.run();
        assertThat(thrown).hasSize(2).allSatisfy(t -> assertThat(t).isInstanceOf(IllegalStateException.class)
                .hasMessage("the executor runs already"));
        Executor.current().close();
    }

    @Test
    void otherThreadsMayNotRunIt() throws Exception {
        Executor executor = Executor.open(options);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        join(Thread.ofPlatform().start(() -> thrown.set(catchThrowable(executor::runToEnd))));
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
        executor.close();
    }

    @Test
    void virtualThreadIsNoLoopThread() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        join(Thread.startVirtualThread(() -> thrown.set(catchThrowable(() -> Executor.blockOn(ScriptedFuture.ready(1))))));
        Throwable started = catchThrowable(() -> Executor.start("loop",
                options.threadFactory(body -> Thread.ofVirtual().unstarted(body))));
        for (Throwable t : List.of(thrown.get(), started)) {
            assertThat(t).isInstanceOf(IllegalStateException.class).hasMessageContaining("needs a platform thread");
        }
    }

    @Test
    void secondExecutorOfAThreadIsRefused() {
        Executor executor = Executor.open(options);
        assertThat(Executor.current()).isSameAs(executor);
        assertThatThrownBy(() -> Executor.open(options)).isInstanceOf(IllegalStateException.class);
        executor.close();
        Executor next = Executor.open(options);
        assertThat(Executor.current()).isSameAs(next);
        next.close();
    }

    // ---- work from other threads

    @Test
    void actionsOfFourThreadsRunInTheOrderOfEachThread() throws Exception {
        int each = 50_000;
        List<List<Integer>> ran = IntStream.range(0, 4).<List<Integer>>mapToObj(i -> new ArrayList<>()).toList();
        ConcurrentHashMap.KeySetView<Thread, Boolean> on = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(4 * each);
        try (Executor executor = Executor.start("loop", options)) {
            List<Thread> threads = IntStream.range(0, 4).mapToObj(t -> Thread.ofPlatform().start(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    executor.execute(() -> {
                        ran.get(t).add(number);
                        on.add(Thread.currentThread());
                        all.countDown();
                    });
                }
            })).toList();
            all.await();
            threads.forEach(ExecutorTest::join);
        }
        List<Integer> inOrder = IntStream.range(0, each).boxed().toList();
        assertThat(ran).allSatisfy(numbers -> assertThat(numbers).isEqualTo(inOrder));
        assertThat(on).singleElement().satisfies(thread -> assertThat(thread.getName()).isEqualTo("loop"));
        assertThat(uncaught).isEmpty();
    }

    @Test
    void throwingActionIsReportedAndAffectsNoOther() throws Exception {
        IllegalArgumentException failure = new IllegalArgumentException("an action");
        try (Executor executor = Executor.start("loop", options)) {
            executor.execute(() -> {
                throw failure;
            });
            assertThat(executor.submit(ScriptedFuture.ready(1)).join()).isEqualTo(1);
        }
        assertThat(uncaught).containsExactly(failure);
    }

    @Test
    void submittedFromAnotherThreadAsTheLastTaskEndsStillHasItsRing() throws Exception {
        Executor executor = Executor.open(options);
        AtomicReference<JoinHandle<Integer>> late = new AtomicReference<>();
        executor.submit(once(() -> join(Thread.ofPlatform().start(() -> {
            EventfdFuture signal = EventfdFuture.of(executor.reactor());
            signal.raise();
            late.set(executor.submit(signal));
        }))));
        executor.runToEnd();
        executor.runToEnd(); // the first run may or may not have taken it
        assertThat(late.get().result()).isEqualTo(Net.POLLIN);
        executor.close();
    }

    // ---- starting

    @Test
    void interruptedThreadStartsAnExecutorAndStaysInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        try (Executor executor = Executor.start("loop", options)) {
            assertThat(Thread.interrupted()).isTrue();
            assertThat(executor.submit(ScriptedFuture.ready(1)).join()).isEqualTo(1);
        }
    }

    @Test
    void runningManyTimesOnOneThreadLeavesNoDescriptor() throws Exception {
        long before = ProcSelf.descriptors();
        for (int i = 0; i < 100; i++) {
            Executor executor = Executor.open(options);
            EventfdFuture signal = EventfdFuture.of(executor.reactor());
            JoinHandle<Integer> waiting = executor.submit(signal);
            signal.raise();
            executor.runToEnd();
            assertThat(waiting.result()).isEqualTo(Net.POLLIN);
            executor.close();
        }
        assertThat(ProcSelf.descriptors()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EPERM, Errno.ENOSYS, Errno.ENOMEM})
    void kernelWithoutIoUringIsReportedInOneLine(int errno) {
        var kernel = new InterceptedKernel() {
            @Override
            public int ioUringSetup(int entries, MemorySegment params) {
                return -errno;
            }
        };
        List<Thread> threads = new ArrayList<>();
        ExecutorOptions options = this.options.threadFactory(body -> {
            threads.add(Thread.ofPlatform().unstarted(body));
            return threads.getLast();
        });
        Throwable started = catchThrowable(() -> Executor.start("loop", kernel, options));
        Executor executor = Executor.open(kernel, options);
        JoinHandle<Integer> task = executor.submit(ScriptedFuture.ready(1));
        for (Throwable t : List.of(started, catchThrowable(executor::runToEnd), catchThrowable(executor::turn),
                catchThrowable(task::join))) {
            assertThat(t).isInstanceOf(ErrnoException.class);
            assertThat(t.getMessage()).startsWith("io_uring_setup: " + Errno.describe(errno) + ": ")
                    .doesNotContain("\n");
        }
        executor.close();
        threads.forEach(ExecutorTest::join);
    }

    @Test
    void kernelThatForbidsEnterFailsTheStart() {
        var kernel = new InterceptedKernel() {
            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                return -Errno.EPERM;
            }
        };
        long before = ProcSelf.descriptors();
        assertThatThrownBy(() -> Executor.start("loop", kernel, options)).hasMessageContaining("io_uring_enter: EPERM");
        assertThat(ProcSelf.descriptors()).isEqualTo(before);
    }

    // ---- closing

    @Test
    void closeWithOperationsInFlightEndsThemAndTheirTasks() throws Exception {
        long before = ProcSelf.descriptors();
        Executor executor = Executor.start("loop", options);
        List<JoinHandle<Integer>> waiting = IntStream.range(0, 1000)
                .mapToObj(i -> executor.submit(EventfdFuture.of(executor.reactor()))).toList();
        CountDownLatch polled = new CountDownLatch(1);
        executor.execute(polled::countDown);
        polled.await();
        executor.close();
        for (JoinHandle<Integer> handle : waiting) {
            assertThatThrownBy(handle::join).isInstanceOf(CancellationException.class);
        }
        assertThat(executor.stats().inFlight()).isZero();
        assertThat(executor.stats().unknown()).isZero();
        assertThat(ProcSelf.descriptors()).isEqualTo(before);
        assertThat(uncaught).isEmpty();
    }

    @Test
    void closeFromTheLoopReturnsAndTheEndFollows() throws Exception {
        Executor executor = Executor.start("loop", options);
        CountDownLatch closed = new CountDownLatch(1);
        executor.onClose(closed::countDown);
        JoinHandle<Integer> waiting = executor.submit(EventfdFuture.of(executor.reactor()));
        List<Object> seen = Collections.synchronizedList(new ArrayList<>());
        executor.execute(() -> {
            executor.close();
            executor.close();
            seen.add(closed.getCount());
            seen.add(catchThrowable(() -> executor.submit(ScriptedFuture.ready(1))).getClass());
        });
        closed.await();
        assertThat(seen).containsExactly(1L, RejectedExecutionException.class);
        assertThat(waiting.isDone()).isTrue();
    }

    @Test
    void closeInsideARunEndsTheRun() throws Exception {
        Executor executor = Executor.open(options);
        ScriptedFuture<Void> pending = ScriptedFuture.pending();
        JoinHandle<Void> waiting = executor.submit(pending);
        JoinHandle<Void> closing = executor.submit(once(executor::close));
        executor.runToEnd();
        assertThat(pending.cancels).isEqualTo(1);
        assertThat(waiting.isDone()).isTrue();
        assertThat(closing.result()).as("the task that has closed it has ended").isNull();
        assertThatThrownBy(executor::runToEnd).isInstanceOf(RejectedExecutionException.class);
        assertThat(Executor.current()).as("the thread may have another executor").isNotSameAs(executor);
        Executor.current().close();
    }

    @Test
    void closeBeforeTheFirstRunAbortsTheTasks() throws Exception {
        Executor executor = Executor.open(options);
        ScriptedFuture<Void> pending = ScriptedFuture.pending();
        JoinHandle<Void> waiting = executor.submit(pending);
        executor.close();
        assertThat(waiting.isDone()).isTrue();
        assertThatThrownBy(waiting::join).isInstanceOf(CancellationException.class);
        assertThat(pending.cancels).isEqualTo(1);
        assertThat(pending.polls).isZero();
    }

    @Test
    void closeTwiceOrFromManyThreadsIsCloseOnce() throws Exception {
        Executor executor = Executor.start("loop", options);
        AtomicInteger closed = new AtomicInteger();
        executor.onClose(closed::incrementAndGet);
        List<Thread> threads = IntStream.range(0, 4).mapToObj(i -> Thread.ofPlatform().start(executor::close)).toList();
        threads.forEach(ExecutorTest::join);
        executor.close();
        CountDownLatch late = new CountDownLatch(1);
        executor.onClose(late::countDown);
        assertThat(late.getCount()).as("at once when it has closed already").isZero();
        Executor own = Executor.open(options);
        own.onClose(closed::incrementAndGet);
        own.close();
        own.close();
        assertThat(closed.get()).isBetween(1, 2); // the first executor's thread may be about to count
    }

    @Test
    void closeFromInsideACancelIsCloseOnce() throws Exception {
        Executor executor = Executor.open(options);
        AtomicInteger closed = new AtomicInteger();
        executor.onClose(closed::incrementAndGet);
        ScriptedFuture<Void> pending = ScriptedFuture.pending();
        pending.whenCancelled = executor::close;
        JoinHandle<Void> first = executor.submit(pending);
        JoinHandle<Integer> second = executor.submit(EventfdFuture.of(executor.reactor()));
        executor.turn();
        executor.close();
        assertThat(first.isDone()).isTrue();
        assertThat(second.isDone()).isTrue();
        assertThat(closed.get()).isEqualTo(1);
        assertThat(pending.cancels).isEqualTo(1);
        assertThat(uncaught).isEmpty();
    }

    @Test
    void closeFromAHandlerOfTheIdleCloseIsCloseOnce() throws Exception {
        List<Integer> closedFds = new ArrayList<>();
        var kernel = new InterceptedKernel() {
            @Override
            public int close(int fd) {
                closedFds.add(fd);
                return super.close(fd);
            }
        };
        Executor executor = Executor.open(kernel, options);
        AtomicInteger closed = new AtomicInteger();
        executor.onClose(closed::incrementAndGet);
        int eventfd = kernel.eventfd(0, Net.EFD_CLOEXEC);
        Operation left = new Operation(new Descriptor(executor.reactor(), eventfd)) {
            @Override
            protected void fill(Sqe sqe) {
                sqe.prepPoll(eventfd, Net.POLLIN);
            }

            @Override
            protected void complete(int result, int flags) {
                executor.close();
            }
        };
        executor.submit(once(() -> executor.reactor().stage(left)));
        executor.runToEnd();
        left.descriptor().close();
        assertThat(executor.isClosed()).isTrue();
        assertThat(closed.get()).isEqualTo(1);
        assertThat(closedFds).doesNotHaveDuplicates();
        assertThat(uncaught).isEmpty();
    }

    @Test
    void actionsQueuedBeforeTheCloseAllRun() throws Exception {
        Executor executor = Executor.start("loop", options);
        CountDownLatch gate = new CountDownLatch(1);
        AtomicInteger ran = new AtomicInteger();
        executor.execute(() -> awaitUninterruptibly(gate));
        for (int i = 0; i < 1000; i++) { // more than one turn takes
            executor.execute(ran::incrementAndGet);
        }
        Thread closing = Thread.ofPlatform().start(executor::close);
        gate.countDown();
        join(closing);
        assertThat(ran.get()).isEqualTo(1000);
    }

    @Test
    void workAfterTheCloseIsRejected() throws Exception {
        Executor standing = Executor.start("loop", options);
        standing.close();
        Executor own = Executor.open(options);
        own.close();
        for (Executor executor : List.of(standing, own)) {
            assertThatThrownBy(() -> executor.execute(() -> { })).isInstanceOf(RejectedExecutionException.class);
            assertThatThrownBy(() -> executor.submit(ScriptedFuture.ready(1))).isInstanceOf(RejectedExecutionException.class);
        }
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        join(Thread.ofPlatform().start(() -> thrown.set(catchThrowable(() -> own.execute(() -> { })))));
        assertThat(thrown.get()).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void wakesDuringAndAfterTheCloseAreHarmless() throws Exception {
        for (int round = 0; round < 50; round++) {
            Executor executor = Executor.start("loop", options);
            CountDownLatch polled = new CountDownLatch(1);
            AtomicReference<Waker> waker = new AtomicReference<>();
            executor.submit(new ScriptedFuture<Void>(w -> {
                waker.set(w);
                polled.countDown();
                return false;
            }));
            polled.await();
            CountDownLatch closed = new CountDownLatch(1);
            Thread other = Thread.ofPlatform().start(() -> {
                while (closed.getCount() > 0) {
                    waker.get().wake();
                }
                waker.get().wake();
            });
            executor.close();
            closed.countDown();
            join(other);
            assertThat(executor.stats().unknown()).isZero();
        }
        assertThat(uncaught).isEmpty();
    }

    @Test
    void closeAtItsDeadlineLeavesTheMemoryToTheKernel() throws Exception {
        AtomicInteger unmapped = new AtomicInteger();
        AtomicInteger ringClosed = new AtomicInteger();
        var kernel = new InterceptedKernel() { // cancels only the notifier, which has slot 0
            int ring;

            @Override
            public int ioUringSetup(int entries, MemorySegment params) {
                return ring = super.ioUringSetup(entries, params);
            }

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                MemorySegment entries = submissionEntries();
                for (long at = 0; at < entries.byteSize(); at += Abi.SQE_BYTES) {
                    if (entries.get(JAVA_BYTE, at) == Opcode.ASYNC_CANCEL.number()
                            && entries.get(JAVA_LONG, at + 16) != 0) {
                        entries.set(JAVA_LONG, at + 16, Long.MAX_VALUE);
                    }
                }
                return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            }

            @Override
            public int munmap(long address, long lengthBytes) {
                unmapped.incrementAndGet();
                return super.munmap(address, lengthBytes);
            }

            @Override
            public int close(int fd) {
                if (fd == ring) {
                    ringClosed.incrementAndGet();
                }
                return super.close(fd);
            }
        };
        Executor executor = Executor.open(kernel, options.closeTimeout(Duration.ofMillis(20)));
        JoinHandle<Integer> waiting = executor.submit(EventfdFuture.of(executor.reactor()));
        executor.turn();
        executor.close();
        assertThatThrownBy(waiting::join).isInstanceOf(CancellationException.class);
        assertThat(executor.stats().inFlight()).isEqualTo(1);
        assertThat(ringClosed.get()).isEqualTo(1);
        assertThat(unmapped.get()).isZero();
    }

    @Test
    void brokenRingEndsTheExecutorAndItsTasks() throws Exception {
        var kernel = new InterceptedKernel() {
            volatile boolean broken;

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                return broken ? -Errno.EBADF
                        : super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            }
        };
        Thread[] thread = new Thread[1];
        Executor executor = Executor.start("loop", kernel, options.threadFactory(body -> {
            thread[0] = Thread.ofPlatform().unstarted(body);
            thread[0].setUncaughtExceptionHandler((t, failure) -> uncaught.add(failure));
            return thread[0];
        }));
        JoinHandle<Integer> waiting = executor.submit(EventfdFuture.of(executor.reactor()));
        executor.execute(() -> kernel.broken = true);
        join(thread[0]);
        assertThatThrownBy(waiting::join).isInstanceOf(CancellationException.class);
        executor.close();
        assertThatThrownBy(() -> executor.execute(() -> { })).isInstanceOf(RejectedExecutionException.class);
        assertThat(uncaught).anySatisfy(t -> assertThat(t).hasMessageContaining("io_uring_enter: EBADF"));
    }

    @Test
    void brokenRingEndsEveryTask() throws Exception {
        var kernel = new InterceptedKernel() {
            volatile boolean broken;

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                return broken ? -Errno.EBADF
                        : super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            }
        };
        List<Throwable> late = Collections.synchronizedList(new ArrayList<>());
        Thread[] thread = new Thread[1];
        Executor executor = Executor.start("loop", kernel, options.threadFactory(body -> {
            thread[0] = Thread.ofPlatform().unstarted(body);
            thread[0].setUncaughtExceptionHandler((t, failure) -> { });
            return thread[0];
        }));
        ScriptedFuture<Void> pending = ScriptedFuture.pending();
        pending.whenCancelled = () -> late.add(catchThrowable(() -> executor.submit(ScriptedFuture.pending())));
        executor.submit(pending);
        executor.execute(() -> kernel.broken = true);
        join(thread[0]);
        assertThat(late).singleElement().isInstanceOf(RejectedExecutionException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, 0, -1})
    void closeTimeoutMayBeOfAnyLength(long seconds) throws Exception {
        Executor executor = Executor.open(options.closeTimeout(Duration.ofSeconds(seconds)));
        JoinHandle<Integer> waiting = executor.submit(EventfdFuture.of(executor.reactor()));
        executor.turn();
        executor.close();
        assertThat(waiting.isDone()).isTrue();
        assertThat(executor.stats().inFlight()).as("a cancel takes no time").isZero();
        assertThat(uncaught).isEmpty();
    }

    @Test
    void onCloseActionThatThrowsIsReportedAndTheOthersRun() {
        Executor executor = Executor.open(options);
        IllegalArgumentException failure = new IllegalArgumentException("on close");
        AtomicInteger ran = new AtomicInteger();
        executor.onClose(() -> {
            throw failure;
        });
        executor.onClose(ran::incrementAndGet);
        executor.close();
        assertThat(uncaught).containsExactly(failure);
        assertThat(ran.get()).isEqualTo(1);
    }
}
