package io.trale.reactive.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.Scannable.Attr;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// The contract of a Reactor scheduler, as far as it does not depend on time: for tasks of the scheduler and of a worker,
/// scheduled in each of the three ways.
@Timeout(60)
class TraleSchedulerTest {

    private final Trale trale = Trale.start();
    private final Scheduler scheduler = trale.scheduler();

    @BeforeEach
    void init() {
        scheduler.init();
    }

    @AfterEach
    void close() {
        trale.close();
    }

    /// Schedules `task` immediately, after a delay, or periodically, on the scheduler or on `worker`.
    private Disposable schedule(Scheduler.Worker worker, String how, Runnable task) {
        return switch (how) {
            case "now" -> worker == null ? scheduler.schedule(task) : worker.schedule(task);
            case "delay" -> worker == null ? scheduler.schedule(task, 1, TimeUnit.MILLISECONDS)
                    : worker.schedule(task, 1, TimeUnit.MILLISECONDS);
            default -> worker == null ? scheduler.schedulePeriodically(task, 1, 1, TimeUnit.MILLISECONDS)
                    : worker.schedulePeriodically(task, 1, 1, TimeUnit.MILLISECONDS);
        };
    }

    private Scheduler.Worker workerIf(boolean wanted) {
        return wanted ? scheduler.createWorker() : null;
    }

    /// Waits until the loop has run the queued jobs.
    private void fence() {
        Support.onLoop(trale, () -> null);
    }

    private int sleepers() {
        return Support.onLoop(trale, () -> Internals.loop(trale).reactor.deadlines().size());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// A task that is scheduled while its worker is disposed runs or is rejected; in both cases it is not kept. Most
    /// interleavings of the two threads are harmless; `TraleWorkerStress` tries many more.
    @Test
    void aWorkerDisposedDuringAScheduleKeepsNoTask() throws Exception {
        CyclicBarrier begin = new CyclicBarrier(2);
        for (int i = 0; i < 2000; i++) {
            Scheduler.Worker worker = scheduler.createWorker();
            Thread disposer = Thread.ofVirtual().start(() -> {
                await(begin);
                worker.dispose();
            });
            await(begin);
            try {
                while (true) {
                    worker.schedule(() -> { });
                }
            } catch (RejectedExecutionException disposed) {
                disposer.join();
            }
        }
        fence();
        assertThat(Scannable.from(((TraleScheduler) scheduler).root).scan(Attr.BUFFERED)).isZero();
        scheduler.disposeGracefully().block();
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /// A task that blocks the loop until it is released.
    private static final class BlockingTask implements Runnable {
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch leave = new CountDownLatch(1);
        final CountDownLatch left = new CountDownLatch(1);
        final AtomicInteger runs = new AtomicInteger();
        volatile boolean interrupted;

        @Override
        public void run() {
            runs.incrementAndGet();
            entered.countDown();
            await(leave);
            interrupted = Thread.interrupted();
            left.countDown();
        }
    }

    // ---- life cycle

    @Test
    void aNewSchedulerIsNotDisposedAndMayBeInitializedTwice() {
        assertThat(scheduler.isDisposed()).isFalse();
        scheduler.init();
        assertThat(scheduler.isDisposed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void initAfterDisposeThrows(boolean gracefully) {
        if (gracefully) {
            scheduler.disposeGracefully().block();
        } else {
            scheduler.dispose();
        }
        assertThatThrownBy(scheduler::init).isInstanceOf(IllegalStateException.class);
        assertThat(scheduler.isDisposed()).isTrue();
    }

    @Test
    @SuppressWarnings("deprecation") // this method is tested
    void startDoesNotRestart() {
        scheduler.dispose();
        scheduler.start();
        assertThat(scheduler.isDisposed()).isTrue();
        assertThatThrownBy(() -> scheduler.schedule(() -> { })).isInstanceOf(RejectedExecutionException.class);
    }

    // ---- tasks

    @ParameterizedTest
    @CsvSource({"false,now", "false,delay", "false,period", "true,now", "true,delay", "true,period"})
    void aDisposedRunningTaskIsNotInterrupted(boolean ofWorker, String how) {
        Scheduler.Worker worker = workerIf(ofWorker);
        BlockingTask task = new BlockingTask();
        Disposable disposable = schedule(worker, how, task);
        await(task.entered);
        assertThat(disposable.isDisposed()).isFalse();
        disposable.dispose();
        disposable.dispose();
        assertThat(disposable.isDisposed()).isTrue();
        task.leave.countDown();
        await(task.left);
        fence();
        assertThat(task.interrupted).isFalse();
        assertThat(task.runs).hasValue(1);
        assertThat(sleepers()).isZero();
        rejectsOnceDisposed(worker);
    }

    private void rejectsOnceDisposed(Scheduler.Worker worker) {
        Disposable disposed = worker == null ? scheduler : worker;
        disposed.dispose();
        disposed.dispose();
        assertThat(disposed.isDisposed()).isTrue();
        for (String how : List.of("now", "delay", "period")) {
            assertThatThrownBy(() -> schedule(worker, how, () -> { })).isSameAs(Exceptions.failWithRejected());
        }
    }

    @ParameterizedTest
    @CsvSource({"false,now", "false,delay", "false,period", "true,now", "true,delay", "true,period"})
    void aWaitingTaskThatIsDisposedNeverRuns(boolean ofWorker, String how) {
        BlockingTask before = new BlockingTask();
        scheduler.schedule(before);
        AtomicInteger runs = new AtomicInteger();
        Disposable disposable = schedule(workerIf(ofWorker), how, runs::incrementAndGet);
        disposable.dispose();
        assertThat(disposable.isDisposed()).isTrue();
        before.leave.countDown();
        fence();
        assertThat(sleepers()).as("cancelled").isZero();
        assertThat(runs).hasValue(0);
    }

    @ParameterizedTest
    @CsvSource({"false,now", "false,delay", "true,now", "true,delay"})
    void aTaskThatHasRunIsDisposed(boolean ofWorker, String how) {
        Disposable disposable = schedule(workerIf(ofWorker), how, () -> { });
        Support.until("it has run", disposable::isDisposed);
    }

    @Test
    void aPeriodicTaskRunsUntilItDisposesItself() {
        CountDownLatch three = new CountDownLatch(3);
        Disposable[] task = new Disposable[1];
        Support.onLoop(trale, () -> task[0] = scheduler.schedulePeriodically(() -> {
            three.countDown();
            if (three.getCount() == 0) {
                task[0].dispose();
            }
        }, 0, 0, TimeUnit.SECONDS));
        await(three);
        fence();
        assertThat(task[0].isDisposed()).isTrue();
        scheduler.disposeGracefully().block(); // no task is left
    }

    @Test
    void tasksRunInOrderAndNeverInsideSchedule() {
        Queue<String> order = new ConcurrentLinkedQueue<>();
        Scheduler.Worker worker = scheduler.createWorker();
        Support.onLoop(trale, () -> {
            scheduler.schedule(() -> order.add("direct"));
            worker.schedule(() -> order.add("worker"));
            scheduler.schedule(() -> order.add("without a delay"), 0, TimeUnit.SECONDS);
            scheduler.schedule(() -> order.add("with less"), -1, TimeUnit.SECONDS);
            return order.add("caller");
        });
        fence();
        assertThat(order).containsExactly("caller", "direct", "worker", "without a delay", "with less");
        order.clear();
        List<String> numbers = IntStream.range(0, 1000).mapToObj(Integer::toString).toList();
        numbers.forEach(number -> worker.schedule(() -> order.add(number)));
        fence();
        assertThat(order).containsExactlyElementsOf(numbers);
    }

    @Test
    void aDisposedWorkerEndsOnlyItsTasks() {
        BlockingTask holding = new BlockingTask();
        AtomicInteger runs = new AtomicInteger();
        Scheduler.Worker worker = scheduler.createWorker();
        Scheduler.Worker other = scheduler.createWorker();
        Disposable running = worker.schedule(holding);
        List<Disposable> tasks = new ArrayList<>();
        for (String how : List.of("now", "delay", "period")) {
            tasks.add(schedule(worker, how, runs::incrementAndGet));
        }
        CountDownLatch others = new CountDownLatch(2);
        other.schedule(others::countDown);
        scheduler.schedule(others::countDown);
        await(holding.entered);
        worker.dispose();
        assertThat(running.isDisposed()).isTrue();
        assertThat(tasks).allMatch(Disposable::isDisposed);
        assertThat(other.isDisposed()).isFalse();
        assertThat(scheduler.isDisposed()).isFalse();
        holding.leave.countDown();
        await(others);
        assertThat(sleepers()).isZero();
        assertThat(runs).hasValue(0);
    }

    @Test
    void aDelayCancelledBeforeItsStartNeverStarts() {
        CountDownLatch scheduled = new CountDownLatch(1);
        CountDownLatch disposed = new CountDownLatch(1);
        Disposable[] task = new Disposable[1];
        scheduler.schedule(() -> {
            await(scheduled);
            task[0].dispose();
            disposed.countDown();
        });
        task[0] = scheduler.schedule(() -> { }, 1, TimeUnit.DAYS);
        scheduled.countDown();
        await(disposed);
        assertThat(sleepers()).isZero();
    }

    @Test
    void cancelledDelaysLeaveNothingBehind() {
        for (int round = 0; round < 10; round++) {
            List<Disposable> tasks = new ArrayList<>();
            Scheduler.Worker worker = scheduler.createWorker();
            for (int i = 0; i < 1000; i++) {
                tasks.add(worker.schedule(() -> { }, 1, TimeUnit.DAYS));
            }
            assertThat(sleepers()).isEqualTo(1000);
            tasks.forEach(Disposable::dispose);
            assertThat(sleepers()).isZero();
            assertThat(Scannable.from(worker).scan(Attr.BUFFERED)).isZero();
        }
        int left = Support.onLoop(trale, () -> {
            scheduler.schedule(() -> { }, 1, TimeUnit.DAYS).dispose();
            return Internals.loop(trale).reactor.deadlines().size();
        });
        assertThat(left).as("at once, on the loop").isZero();
    }

    // ---- dispose

    @Test
    void disposeEndsAllTasksOfASchedulerAndNotTheLoop() {
        Scheduler other = trale.scheduler();
        Scheduler.Worker worker = scheduler.createWorker();
        List<Disposable> tasks = List.of(scheduler.schedule(() -> { }, 1, TimeUnit.DAYS),
                worker.schedulePeriodically(() -> { }, 1, 1, TimeUnit.DAYS));
        Disposable others = other.schedule(() -> { }, 1, TimeUnit.DAYS);
        scheduler.dispose();
        assertThat(tasks).allMatch(Disposable::isDisposed);
        assertThat(worker.isDisposed()).isTrue();
        assertThatThrownBy(() -> worker.schedule(() -> { })).isSameAs(Exceptions.failWithRejected());
        assertThat(others.isDisposed()).isFalse();
        assertThat(sleepers()).isEqualTo(1);
        CountDownLatch ran = new CountDownLatch(2);
        other.schedule(ran::countDown);
        trale.scheduler().schedule(ran::countDown);
        await(ran);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void repeatedGracefulDisposalWaitsForTheRunningTask(boolean thenByForce) {
        BlockingTask task = new BlockingTask();
        scheduler.createWorker().schedule(task);
        await(task.entered);
        Mono<Void> cold = scheduler.disposeGracefully();
        assertThat(scheduler.isDisposed()).as("before the subscription").isFalse();
        List<CompletableFuture<Void>> ends = IntStream.range(0, 10).parallel()
                .mapToObj(i -> (i % 2 == 0 ? cold : scheduler.disposeGracefully()).toFuture()).toList();
        assertThat(scheduler.isDisposed()).isTrue();
        assertThatThrownBy(() -> scheduler.schedule(() -> { })).isInstanceOf(RejectedExecutionException.class);
        if (thenByForce) {
            scheduler.dispose();
        }
        assertThat(ends).noneMatch(CompletableFuture::isDone);
        task.leave.countDown();
        ends.forEach(Support::get);
        scheduler.disposeGracefully().block();
        assertThat(scheduler.isDisposed()).isTrue();
    }

    @Test
    void gracefulDisposalRunsAcceptedTasksAndRepeatsNone() {
        BlockingTask first = new BlockingTask();
        scheduler.schedule(first);
        await(first.entered);
        AtomicInteger accepted = new AtomicInteger();
        AtomicInteger repeated = new AtomicInteger();
        scheduler.schedule(accepted::incrementAndGet);
        scheduler.createWorker().schedule(accepted::incrementAndGet, 1, TimeUnit.MILLISECONDS);
        Disposable periodic = scheduler.schedulePeriodically(repeated::incrementAndGet, 1, 1, TimeUnit.MILLISECONDS);
        CompletableFuture<Void> end = scheduler.disposeGracefully().toFuture();
        assertThat(periodic.isDisposed()).isTrue();
        first.leave.countDown();
        Support.get(end);
        assertThat(accepted).hasValue(2);
        assertThat(repeated).hasValue(0);
        assertThat(sleepers()).isZero();
    }

    @Test
    void aTaskMayDisposeItsOwnScheduler() {
        CompletableFuture<Boolean> completedInside = new CompletableFuture<>();
        scheduler.schedule(() -> {
            scheduler.dispose();
            completedInside.complete(scheduler.disposeGracefully().toFuture().isDone());
        });
        assertThat(Support.get(completedInside)).as("it has not ended yet").isFalse();
        scheduler.disposeGracefully().block();
    }

    @Test
    void closingTheTraleDisposesItsSchedulers() {
        Scheduler.Worker worker = scheduler.createWorker();
        scheduler.schedule(() -> { }, 1, TimeUnit.DAYS);
        CompletableFuture<Void> end = trale.scheduler().disposeGracefully().toFuture();
        CompletableFuture<Void> waiting = scheduler.disposeGracefully().toFuture();
        Support.get(end);
        assertThat(waiting.isDone()).isFalse();
        CompletableFuture<Throwable> rejected = new CompletableFuture<>();
        trale.onClose().subscribe(null, null, () -> {
            try {
                trale.scheduler().schedule(() -> { }, 1, TimeUnit.DAYS);
            } catch (Throwable t) { // on the loop thread, after the end of the loop
                rejected.complete(t);
            }
        });
        trale.close();
        Support.get(waiting);
        assertThat(Support.get(rejected)).isSameAs(Exceptions.failWithRejected());
        Scheduler late = trale.scheduler();
        for (Disposable closed : List.of(scheduler, worker, late)) {
            assertThat(closed.isDisposed()).isTrue();
        }
        assertThatThrownBy(late::init).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> late.schedule(() -> { })).isSameAs(Exceptions.failWithRejected());
        assertThatThrownBy(() -> late.schedule(() -> { }, 1, TimeUnit.DAYS)).isSameAs(Exceptions.failWithRejected());
        assertThatThrownBy(() -> late.createWorker().schedulePeriodically(() -> { }, 1, 1, TimeUnit.DAYS))
                .isSameAs(Exceptions.failWithRejected());
        assertThatThrownBy(() -> Mono.just(1).subscribeOn(late).block()).isInstanceOf(RejectedExecutionException.class);
        late.disposeGracefully().block();
    }

    // ---- Reactor's conventions

    @Test
    void scheduleHooksSeeEachTaskOnceOnTheSchedulingThread() {
        Queue<Thread> hooked = new ConcurrentLinkedQueue<>();
        AtomicInteger decorated = new AtomicInteger();
        CountDownLatch ran = new CountDownLatch(4);
        Schedulers.onScheduleHook("test", task -> {
            hooked.add(Thread.currentThread());
            return () -> {
                decorated.incrementAndGet();
                task.run();
            };
        });
        try {
            schedule(null, "now", ran::countDown);
            schedule(scheduler.createWorker(), "delay", ran::countDown);
            schedule(null, "period", () -> {
                ran.countDown();
                if (ran.getCount() == 0) {
                    scheduler.dispose();
                }
            });
            await(ran);
        } finally {
            Schedulers.resetOnScheduleHook("test");
        }
        assertThat(hooked).containsExactly(Thread.currentThread(), Thread.currentThread(), Thread.currentThread());
        assertThat(decorated).hasValueGreaterThanOrEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"false,now", "false,delay", "false,period", "true,now", "true,delay", "true,period"})
    void anExceptionOfATaskGoesToReactorsHandlers(boolean ofWorker, String how) {
        Queue<Throwable> hooked = new ConcurrentLinkedQueue<>();
        Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
        Thread loop = Support.onLoop(trale, Thread::currentThread);
        loop.setUncaughtExceptionHandler((thread, failure) -> uncaught.add(failure));
        Schedulers.onHandleError("test", (thread, failure) -> {
            assertThat(thread).isSameAs(loop);
            hooked.add(failure);
        });
        Error failure = new AssertionError("on purpose");
        try {
            int enough = how.equals("period") ? 2 : 1; // it continues after the first failure
            Disposable task = schedule(workerIf(ofWorker), how, () -> {
                throw failure;
            });
            Support.until("reported", () -> hooked.size() >= enough);
            task.dispose();
            fence();
        } finally {
            Schedulers.resetOnHandleError("test");
        }
        assertThat(hooked).allMatch(seen -> seen == failure);
        assertThat(uncaught).hasSameSizeAs(hooked).allMatch(seen -> seen == failure);
        assertThat(loop.isAlive()).isTrue();
    }

    @Test
    void blockThrowsInItsTasks() {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        scheduler.schedule(() -> {
            try {
                Mono.never().block();
            } catch (Throwable t) {
                thrown.complete(t);
            }
        });
        assertThat(Support.get(thrown)).isInstanceOf(IllegalStateException.class).hasMessageContaining("blocking");
    }

    @Test
    void schedulerAndWorkersCanBeScanned() {
        Scannable scanned = Scannable.from(scheduler);
        assertThat(scanned.isScanAvailable()).isTrue();
        assertThat(scanned.name()).isEqualTo("trale(\"" + Internals.loop(trale).name + "\")").isEqualTo(scheduler.toString());
        assertThat(Support.onLoop(trale, () -> Thread.currentThread().getName())).isEqualTo(Internals.loop(trale).name);
        assertThat(scanned.scan(Attr.CAPACITY)).isEqualTo(1);
        assertThat(scanned.scan(Attr.TERMINATED)).isFalse();

        Scheduler.Worker worker = scheduler.createWorker();
        Scannable scannedWorker = Scannable.from(worker);
        worker.schedule(() -> { }, 1, TimeUnit.DAYS);
        worker.schedulePeriodically(() -> { }, 1, 1, TimeUnit.DAYS);
        assertThat(scannedWorker.scan(Attr.BUFFERED)).isEqualTo(2);
        assertThat(scannedWorker.scan(Attr.PARENT)).isSameAs(scanned);
        assertThat(scannedWorker.name()).isEqualTo(scheduler + ".worker");
        assertThat(scannedWorker.scan(Attr.TERMINATED)).isFalse();
        worker.dispose();
        assertThat(scannedWorker.scan(Attr.TERMINATED)).isTrue();
        assertThat(scannedWorker.scan(Attr.BUFFERED)).isZero();
        scheduler.dispose();
        assertThat(scanned.scan(Attr.TERMINATED)).isTrue();
        assertThat(scanned.scan(Attr.CANCELLED)).isTrue();
    }

    @Test
    void nowIsTheTimeOfDayOrInNanosecondsTheClockOfDelays() {
        long day = System.currentTimeMillis();
        assertThat(scheduler.now(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(day);
        long nanos = Internals.loop(trale).reactor.kernel().nanoTime();
        assertThat(scheduler.now(TimeUnit.NANOSECONDS)).isBetween(nanos, Internals.loop(trale).reactor.kernel().nanoTime());
        assertThat(scheduler.now(TimeUnit.MICROSECONDS)).isGreaterThanOrEqualTo(nanos / 1000);
    }

    // ---- pipelines

    @Test
    void aPipelineOnTheSchedulerStaysOnTheLoop() {
        Thread loop = Support.onLoop(trale, Thread::currentThread);
        Queue<Thread> threads = new ConcurrentLinkedQueue<>();
        try (Pair pair = Pair.of(trale)) {
            byte[] bytes = Support.bytes(1, 1 << 20);
            Thread.ofPlatform().daemon().start(() -> {
                Support.write(pair.peer(), bytes);
                Support.shutdownOutput(pair.peer());
            });
            Integer received = Mono.defer(() -> pair.connection().receive()
                    .doOnNext(bytesSeen -> threads.add(Thread.currentThread()))
                    .publishOn(scheduler, 2)
                    .doOnNext(bytesSeen -> threads.add(Thread.currentThread()))
                    .reduce(0, (sum, chunk) -> sum + chunk.remaining()))
                    .doOnSubscribe(s -> threads.add(Thread.currentThread()))
                    .doOnSuccess(sum -> threads.add(Thread.currentThread()))
                    .subscribeOn(scheduler)
                    .block();
            assertThat(received).isEqualTo(bytes.length);
        }
        assertThat(threads).hasSizeGreaterThan(3).allMatch(thread -> thread == loop);
    }

    /// Reschedules itself a number of times.
    private static final class Chain implements Runnable {
        private final Scheduler scheduler;
        private final CountDownLatch left;

        Chain(Scheduler scheduler, int length) {
            this.scheduler = scheduler;
            left = new CountDownLatch(length);
        }

        @Override
        public void run() {
            left.countDown();
            if (left.getCount() > 0) {
                scheduler.schedule(this);
            }
        }
    }

    @Test
    void publishOnTheLoopFromTheLoopIsNoSystemCall() {
        Support.asleep(trale);
        long enters = trale.stats().enters();
        long completed = trale.stats().completed();
        Chain chain = new Chain(scheduler, 10_000);
        scheduler.schedule(chain);
        await(chain.left);
        assertThat(trale.stats().completed() - completed).as("wake-ups").isLessThan(3);
        assertThat(trale.stats().enters() - enters).as("turns").isLessThan(10_000 / 100);
    }

    // ---- many threads

    @Test
    void tasksOfManyThreadsRunOnceUnlessDisposed() throws InterruptedException {
        int count = Support.TORTURE ? 200_000 : 10_000;
        AtomicInteger[] runs = new AtomicInteger[count];
        boolean[] disposed = new boolean[count];
        List<Thread> threads = IntStream.range(0, 4).mapToObj(thread -> Thread.ofPlatform().start(() -> {
            SplittableRandom random = new SplittableRandom(thread);
            Scheduler.Worker worker = scheduler.createWorker();
            for (int i = thread; i < count; i += 4) {
                AtomicInteger counter = runs[i] = new AtomicInteger();
                long delay = random.nextInt(100);
                Disposable task = random.nextBoolean() ? worker.schedule(counter::incrementAndGet, delay, TimeUnit.MICROSECONDS)
                        : scheduler.schedule(counter::incrementAndGet, delay, TimeUnit.MICROSECONDS);
                if (random.nextBoolean()) {
                    disposed[i] = true;
                    task.dispose();
                }
            }
        })).toList();
        for (Thread thread : threads) {
            thread.join();
        }
        scheduler.disposeGracefully().block();
        fence();
        assertThat(sleepers()).isZero();
        for (int i = 0; i < count; i++) {
            assertThat(runs[i].get()).as("task %d", i).isBetween(disposed[i] ? 0 : 1, 1);
        }
    }
}
