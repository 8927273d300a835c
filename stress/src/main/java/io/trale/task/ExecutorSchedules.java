package io.trale.task;

import static io.trale.stress.Schedule.check;
import static io.trale.stress.Schedule.go;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.stress.Schedule;
import io.trale.stress.Twin;
import io.trale.sync.Mutex;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/// What other threads do to a whole executor: its inbox, its wake-up, its tasks and its end.
public class ExecutorSchedules {

    /// For nested classes only.
    ExecutorSchedules() {}

    /// Complete once it was rung often enough, by any thread.
    static final class Bell implements Future<Integer> {

        private final AtomicInteger rung = new AtomicInteger();
        private final int wanted;
        private volatile Waker waker = () -> { };
        boolean cancelled;

        Bell(int wanted) {
            this.wanted = wanted;
        }

        void ring() {
            rung.incrementAndGet();
            waker.wake();
        }

        @Override
        public boolean poll(Waker waker) {
            this.waker = waker;
            return rung.get() >= wanted;
        }

        @Override
        public Integer result() {
            return rung.get();
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    /// Two threads wake a task, a third joins it.
    @Twin(fault = "a waker reads that the task is not queued and then queues it", of = Task.class,
            real = "if (((int) STATE.getAndBitwiseOr(this, SCHEDULED) & SCHEDULED) == 0) { executor.enqueue(this); }",
            broken = "int seen = state; if ((seen & SCHEDULED) == 0) { state = seen | SCHEDULED; executor.enqueue(this); }")
    @Twin(fault = "a joiner stores its waker although the task may have ended", of = Task.class,
            real = "if (JOINER.compareAndSet(this, before, Successor.of(waker, before))) {",
            broken = "joiner = Successor.of(waker, before); if (joiner != null) {")
    @Twin(fault = "the loop looks for jobs and then says that it sleeps", of = Inbox.class,
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
            Thread a = go(bell::ring);
            Thread b = go(bell::ring);
            check(handle.join() == 2, "complete before its time");
            executor.close();
            a.join();
            b.join();
            kernel.end();
        }
    }

    /// A task is aborted while another thread completes it.
    @Twin(fault = "an abort that finds the task queued does not count", of = Task.class,
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
            Thread b = go(bell::ring);
            try {
                handle.join();
                check(false, "complete after one ring");
            } catch (CancellationException e) {
                check(bell.cancelled, "aborted and not cancelled");
            }
            a.join();
            b.join();
            executor.close();
            kernel.end();
        }
    }

    /// Two threads hand in work while the executor closes. What is accepted runs, and no wake-up writes to a closed descriptor.
    @Twin(fault = "the loop looks at the chain and then closes", of = Inbox.class,
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
            Thread a = go(() -> execute(executor));
            Thread b = go(() -> execute(executor));
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

    /// Two threads close while a third submits a task that never completes by itself. It is cancelled, and joined.
    @Twin(fault = "a task that comes late is not cancelled", of = Executor.class,
            real = "if (closing) { task.drop(new CancellationException(\"the executor was closed\")); } else { task.run(); }",
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
                check(false, "complete without a ring");
            } catch (CancellationException e) {
                check(bell.cancelled, "ended and not cancelled");
            }
        }
    }

    /// An action for the end is registered when it comes: it runs once.
    @Twin(fault = "an action is added although the end may have come", of = Termination.class,
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

    /// Three threads want a mutex, and one of them gives up.
    @Twin(fault = "a waiter that gives up when it was granted the mutex keeps it", of = Mutex.class,
            real = "if (before == State.GRANTED) { unlock(); // the guard was not taken }", broken = "")
    @Twin(fault = "the mutex is unlocked outside of the monitor", of = Mutex.class,
            real = "synchronized (this) { next = first; if (next == null) { held = false; return; } remove(next); "
                + "next.state = Lock.State.GRANTED; }",
            broken = "next = first; Thread.yield(); if (next == null) { held = false; return; } remove(next); "
                + "next.state = Lock.State.GRANTED;")
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
                check(guard.get()[0]++ == 0, "two in the mutex");
                Thread.yield();
                guard.get()[0]--;
            }
        }
    }
}
