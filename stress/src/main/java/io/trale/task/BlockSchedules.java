package io.trale.task;

import static io.trale.stress.Schedule.check;
import static io.trale.stress.Schedule.go;
import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.stress.Schedule;
import io.trale.stress.Twin;
import io.trale.task.ExecutorSchedules.Bell;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// Schedules in which other threads wake, cancel and unpark async blocks. Their threads are [VirtualStandIn]s, since Fray does
/// not control virtual threads.
public class BlockSchedules {

    /// For nested classes only.
    BlockSchedules() {}

    /// Two threads wake a block that awaits one future after the other, and a third joins it.
    public abstract static class Await implements Schedule {

        private final boolean fast;

        private Await(boolean fast) {
            this.fast = fast;
        }

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Bell first = new Bell(1);
            Bell second = new Bell(1);
            Callable<Integer> body = () -> await(first) + await(second);
            JoinHandle<Integer> handle = executor.submit(new Block<>(body, fast));
            Thread a = go(first::wake);
            Thread b = go(second::wake);
            check(handle.join() == 2, "completed too early");
            a.join();
            b.join();
            executor.close();
            kernel.end();
        }
    }

    /// With a thread whose scheduler is the loop.
    @Twin(fault = "a future that completes while it is polled does not resume the block", of = "task.Block",
            real = "resume(); } while (awaited != null && !ended);", broken = "resume(); } while (false);")
    public static class AwaitFast extends Await {

        /// For Fray.
        public AwaitFast() {
            super(true);
        }
    }

    /// With a thread that alternates with the loop.
    @Twin(fault = "a block lets the loop run before it says so", of = "task.Coroutine",
            real = "Thread loop = this.loop; running = false; LockSupport.unpark(loop);",
            broken = "Thread loop = this.loop; LockSupport.unpark(loop); running = false;")
    public static class AwaitSlow extends Await {

        /// For Fray.
        public AwaitSlow() {
            super(false);
        }
    }

    /// A block is aborted while another thread completes what it awaits. It awaits again while it unwinds, and a third thread
    /// completes that.
    @Twin(fault = "a block that awaits while it unwinds is not polled", of = "task.Block",
            real = "if (ended) { unwound(); } else { executor().unwind(this); }", broken = "if (ended) { unwound(); }")
    public static class AwaitAndAbort implements Schedule {

        /// For Fray.
        public AwaitAndAbort() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Bell awaited = new Bell(1);
            Bell inFinally = new Bell(1);
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch unwound = new CountDownLatch(1);
            JoinHandle<Void> handle = executor.submit(async(() -> {
                begun.countDown();
                try {
                    await(awaited);
                    await(new Bell(1)); // never completes
                } finally {
                    await(inFinally);
                    unwound.countDown();
                }
            }));
            begun.await();
            Thread a = go(handle::abort);
            Thread b = go(awaited::wake);
            Thread c = go(inFinally::wake);
            try {
                handle.join();
                check(false, "completed without a wake");
            } catch (CancellationException e) {
                unwound.await();
            }
            a.join();
            b.join();
            c.join();
            executor.close();
            kernel.end();
        }
    }

    /// The body of a block parks until another thread unparks it, while a third thread wakes the task for nothing. The loop goes
    /// on meanwhile.
    @Twin(fault = "the loop is woken before it can find the continuation", of = "task.Coroutine",
            real = "this.continuation = continuation; if (left) { runElsewhere(); } else if (Thread.currentThread() != resumer) {"
                + " body.wake(); }",
            broken = "if (!left && Thread.currentThread() != resumer) { body.wake(); } this.continuation = continuation;"
                + " if (left) { runElsewhere(); }")
    public static class ParkAndUnpark implements Schedule {

        private volatile boolean open;

        /// For Fray.
        public ParkAndUnpark() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            Bell bell = new Bell(1);
            CountDownLatch begun = new CountDownLatch(1);
            Thread[] thread = new Thread[1];
            JoinHandle<Integer> handle = executor.submit(async(() -> {
                thread[0] = Thread.currentThread();
                begun.countDown();
                while (!open) {
                    VirtualStandIn.park();
                }
                return await(bell);
            }));
            begun.await();
            Thread a = go(() -> {
                open = true;
                VirtualStandIn.unpark(thread[0]);
            });
            Thread b = go(bell::wake);
            check(handle.join() == 1, "completed too early");
            a.join();
            b.join();
            executor.close();
            kernel.end();
        }
    }

    /// The loop leaves the rest of a block to the JDK while another thread unparks the block. The rest runs once.
    @Twin(fault = "two threads may both take the continuation", of = "task.Coroutine",
            real = "private void runElsewhere() { Runnable next = (Runnable) CONTINUATION.getAndSet(this, null);",
            broken = "private void runElsewhere() { Runnable next = continuation; continuation = null;")
    @Twin(fault = "the loop takes the continuation before it leaves", of = "task.Coroutine",
            real = "left = true; runElsewhere();", broken = "runElsewhere(); left = true;")
    public static class UnparkAndLeave implements Schedule {

        private volatile boolean open;

        /// For Fray.
        public UnparkAndLeave() {}

        @Override
        public void run() throws Exception {
            AtomicInteger ends = new AtomicInteger();
            CountDownLatch ended = new CountDownLatch(1);
            Coroutine coroutine = Coroutine.of(new Coroutine.Body() {
                @Override
                public void run() {
                    while (!open) {
                        VirtualStandIn.park();
                    }
                    ends.incrementAndGet();
                    ended.countDown();
                }

                @Override
                public void wake() {}
            }, true);
            coroutine.resume(true);
            Thread a = go(() -> {
                open = true;
                VirtualStandIn.unpark(coroutine.thread());
            });
            coroutine.leave();
            ended.await();
            a.join();
            check(ends.get() == 1, "ends " + ends);
        }
    }
}
