package io.trale.task;

import static io.trale.stress.Schedule.check;
import static io.trale.stress.Schedule.go;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.stress.Schedule;
import io.trale.stress.Twin;
import io.trale.sync.EventFd;
import io.trale.sync.Mutex;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/// Schedules in which other threads use an executor: its inbox, wake-up, tasks and close.
public class ExecutorSchedules {

    /// For nested classes only.
    ExecutorSchedules() {}

    /// A future that completes when threads have called [#wake] `wanted` times.
    static final class Bell implements Future<Integer> {

        private final AtomicInteger woken = new AtomicInteger();
        private final int wanted;
        private volatile Waker waker = () -> { };
        final CountDownLatch cancelled = new CountDownLatch(1);

        Bell(int wanted) {
            this.wanted = wanted;
        }

        void wake() {
            woken.incrementAndGet();
            waker.wake();
        }

        @Override
        public boolean poll(Waker waker) {
            this.waker = waker;
            return woken.get() >= wanted;
        }

        @Override
        public Integer result() {
            return woken.get();
        }

        @Override
        public void cancel() {
            cancelled.countDown();
        }
    }

    /// Waits for an event, and closes the executor after it. Its operation is in flight until then, or until its cancel.
    static final class Closing implements Future<Void> {

        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch cancelled = new CountDownLatch(1);
        EventFd event;
        private IntFuture take;

        @Override
        public boolean poll(Waker waker) {
            if (take == null) {
                try {
                    event = EventFd.counter();
                } catch (ErrnoException e) {
                    throw new AssertionError(e);
                }
                take = event.take();
                begun.countDown();
            }
            return take.poll(waker);
        }

        @Override
        public Void result() {
            event.close();
            Executor.current().close();
            return null;
        }

        @Override
        public void cancel() {
            take.cancel();
            event.close();
            cancelled.countDown();
        }
    }

    /// Two threads wake a task, and a third joins it.
    @Twin(fault = "a waker checks and sets the scheduled bit in two steps", of = "task.Task",
            real = "if (((int) STATE.getAndBitwiseOr(this, SCHEDULED) & SCHEDULED) == 0) { executor.enqueue(this); }",
            broken = "int seen = state; if ((seen & SCHEDULED) == 0) { state = seen | SCHEDULED; executor.enqueue(this); }")
    @Twin(fault = "a joiner stores its waker without a check for the end of the task", of = "task.Task",
            real = "if (JOINER.compareAndSet(this, before, Successor.of(waker, before))) {",
            broken = "joiner = Successor.of(waker, before); if (joiner != null) {")
    @Twin(fault = "the loop checks for jobs and marks itself asleep in two steps", of = "task.Inbox",
            real = "return HEAD.compareAndSet(this, null, ASLEEP);",
            broken = "if (head != null) { return false; } head = ASLEEP; return true;")
    public static class WakeAndJoin implements Schedule {

        /// For Fray.
        public WakeAndJoin() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Bell bell = new Bell(2);
            JoinHandle<Integer> handle = executor.submit(bell);
            Thread a = go(bell::wake);
            Thread b = go(bell::wake);
            check(handle.join() == 2, "completed too early");
            executor.close();
            a.join();
            b.join();
            kernel.end();
        }
    }

    /// A task is aborted while another thread completes it.
    @Twin(fault = "an abort of a queued task is ignored", of = "task.Task",
            real = "STATE.getAndBitwiseOr(this, ABORTED);", broken = "if ((state & SCHEDULED) == 0) { state |= ABORTED; }")
    public static class AbortAndWake implements Schedule {

        /// For Fray.
        public AbortAndWake() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Bell bell = new Bell(2);
            JoinHandle<Integer> handle = executor.submit(bell);
            Thread a = go(handle::abort);
            Thread b = go(bell::wake);
            try {
                handle.join();
                check(false, "completed after one wake");
            } catch (CancellationException e) {
                check(bell.cancelled.getCount() == 0, "aborted but not cancelled");
            }
            a.join();
            b.join();
            executor.close();
            kernel.end();
        }
    }

    /// Two threads submit jobs while the executor closes: one when it cancels its tasks and then waits for the last operation,
    /// one when it frees its ring. Accepted jobs run, and no wake-up writes to a closed descriptor.
    @Twin(fault = "the loop takes the jobs and closes the inbox in two steps", of = "task.Inbox",
            real = "pour((Job) HEAD.getAndSet(this, CLOSED), queue);",
            broken = "Job seen = head; head = CLOSED; pour(seen, queue);")
    public static class ExecuteAndClose implements Schedule {

        private final AtomicInteger accepted = new AtomicInteger();
        private final AtomicInteger ran = new AtomicInteger();

        /// For Fray.
        public ExecuteAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Closing closing = new Closing();
            executor.submit(closing);
            Thread a = go(() -> {
                closing.cancelled.await();
                execute(executor);
            });
            Thread b = go(() -> {
                kernel.shared.freed.await();
                execute(executor);
            });
            executor.close();
            check(executor.isClosed(), "close() returned before the end");
            a.join();
            b.join();
            check(ran.get() == accepted.get(), "accepted " + accepted + ", ran " + ran);
            kernel.end();
        }

        private void execute(Executor executor) {
            try {
                executor.execute(ran::incrementAndGet);
                accepted.incrementAndGet();
            } catch (RejectedExecutionException e) {
                // closed
            }
        }
    }

    /// A thread wakes the loop, while two threads signal an event; its task closes the event and the executor. No thread writes
    /// to a closed descriptor.
    @Twin(fault = "a wake counts as completed before its write", of = "reactor.Notifier",
            real = "try { reactor.kernel().write8(descriptor().fd(), 1); } finally { woken.incrementAndGet(); }",
            broken = "woken.incrementAndGet(); reactor.kernel().write8(descriptor().fd(), 1);")
    @Twin(fault = "the close of an event does not wait for the threads that signal it", of = "sync.EventFd",
            real = "while (writers.get() != CLOSED) {", broken = "while (writers.get() > 0) {")
    public static class WakeAndClose implements Schedule {

        /// For Fray.
        public WakeAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Closing closing = new Closing();
            executor.submit(closing);
            closing.begun.await();
            kernel.shared.awaitSleep();
            Thread a = go(() -> {
                try {
                    executor.execute(() -> { });
                } catch (RejectedExecutionException e) {
                    // closed
                }
            });
            Thread b = go(() -> signal(closing.event));
            signal(closing.event);
            a.join();
            b.join();
            executor.close();
            kernel.end();
        }

        private static void signal(EventFd event) {
            try {
                event.signal();
            } catch (IllegalStateException e) {
                // closed
            }
        }
    }

    /// Two threads close while a third submits a task that never completes by itself. The task is cancelled, and its join
    /// returns.
    @Twin(fault = "a task that arrives during the close is not cancelled", of = "task.Executor",
            real = "if (isClosing()) { task.drop(new CancellationException(\"the executor was closed\")); } else { task.run(); }",
            broken = "task.run();")
    public static class SubmitAndClose implements Schedule {

        /// For Fray.
        public SubmitAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Thread a = go(executor::close);
            Thread b = go(() -> submit(executor));
            executor.close();
            check(executor.isClosed(), "close() returned before the end");
            a.join();
            b.join();
            kernel.end();
        }

        private static void submit(Executor executor) throws Exception {
            Bell bell = new Bell(1);
            JoinHandle<Integer> handle;
            try {
                handle = executor.submit(bell);
            } catch (RejectedExecutionException e) {
                return;
            }
            try {
                handle.join();
                check(false, "completed without a wake");
            } catch (CancellationException e) {
                check(bell.cancelled.getCount() == 0, "ended but not cancelled");
            }
        }
    }

    /// An action is registered while the termination is signalled. The action runs once.
    @Twin(fault = "an action is added without a check for the end", of = "task.Termination",
            real = "synchronized (actions) { if (!isDone()) { actions.add(action); return; } }",
            broken = "if (!isDone()) { Thread.yield(); actions.add(action); return; }")
    public static class ThenAndCome implements Schedule {

        /// For Fray.
        public ThenAndCome() {}

        @Override
        public void run() throws Exception {
            Termination termination = new Termination();
            AtomicInteger runs = new AtomicInteger();
            Thread a = go(() -> termination.then(runs::incrementAndGet));
            termination.signal(failure -> check(false, "thrown: " + failure));
            a.join();
            check(runs.get() == 1, "runs " + runs);
        }
    }

    /// Three threads lock a mutex, and one of them cancels.
    @Twin(fault = "a waiter that is cancelled after its grant keeps the mutex", of = "sync.Mutex",
            real = "if (before == State.GRANTED) { unlock(); }", broken = "")
    @Twin(fault = "the mutex is unlocked outside of the monitor", of = "sync.Mutex",
            real = "synchronized (this) { if (waiting.isEmpty()) { held = false; return; } next = waiting.removeFirst(); "
                + "next.state = Lock.State.GRANTED; }",
            broken = "boolean none = waiting.isEmpty(); Thread.yield(); if (none) { held = false; return; } "
                + "next = waiting.removeFirst(); next.state = Lock.State.GRANTED;")
    public static class LockAndCancel implements Schedule {

        private final Mutex<int[]> mutex = new Mutex<>(new int[1]);

        /// For Fray.
        public LockAndCancel() {}

        @Override
        public void run() throws Exception {
            Thread a = go(this::lock);
            Thread b = go(this::lock);
            Thread c = go(() -> {
                Future<Mutex<int[]>.Guard> lock = mutex.lock();
                lock.poll(() -> { });
                lock.cancel();
            });
            a.join();
            b.join();
            c.join();
            check(mutex.lock().poll(() -> { }), "still locked");
        }

        private void lock() throws Exception {
            Future<Mutex<int[]>.Guard> lock = mutex.lock();
            Object monitor = new Object();
            boolean[] woken = new boolean[1];
            while (!lock.poll(() -> {
                synchronized (monitor) {
                    woken[0] = true;
                    monitor.notifyAll();
                }
            })) {
                synchronized (monitor) {
                    while (!woken[0]) {
                        monitor.wait();
                    }
                    woken[0] = false;
                }
            }
            try (Mutex<int[]>.Guard guard = lock.result()) {
                check(guard.get()[0]++ == 0, "two holders of the mutex");
                Thread.yield();
                guard.get()[0]--;
            }
        }
    }
}
