package io.trale.reactive.scheduler;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.reactive.loop.Loop;
import io.trale.stress.Twin;
import io.trale.task.Executor;
import io.trale.task.OnLoop;
import java.util.concurrent.RejectedExecutionException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import reactor.core.Disposable;
import reactor.core.Scannable.Attr;
import reactor.core.scheduler.Scheduler;

/// One thread disposes a [TraleWorker] while another thread schedules a task.
public class TraleWorkerStress {

    /// A scheduler whose loop runs only when the test calls it.
    abstract static class Base {

        final Executor executor = OnLoop.executor();
        final TraleScheduler scheduler = new TraleScheduler(new Loop("stress", executor));

        /// Schedules a task; returns false if it is rejected.
        static boolean schedule(Scheduler.Worker worker) {
            try {
                worker.schedule(() -> { });
                return true;
            } catch (RejectedExecutionException e) {
                return false;
            }
        }
    }

    /// A worker is disposed while a task is scheduled. The scheduler keeps no task.
    @JCStressTest
    @Outcome(id = {"true, 0", "false, 0"}, expect = ACCEPTABLE, desc = "the task is accepted or rejected, and is not retained")
    @Outcome(expect = FORBIDDEN, desc = "the scheduler retains the task")
    @Twin(fault = "a task that ended before it was added is not removed", of = "reactive.scheduler.TraleWorker",
            real = "task.dispose(); forget(task);",
            broken = "task.dispose();")
    @State
    public static class ScheduleAndDispose extends Base {

        private final Scheduler.Worker worker = scheduler.createWorker();

        @Actor
        public void schedule(ZI_Result r) {
            r.r1 = schedule(worker);
        }

        @Actor
        public void dispose() {
            worker.dispose();
        }

        @Arbiter
        public void later(ZI_Result r) {
            OnLoop.runJobs(executor);
            r.r2 = (Integer) scheduler.root.scanUnsafe(Attr.BUFFERED);
        }
    }

    /// The only task of a scheduler is cancelled, and the scheduler is disposed gracefully, while another task is scheduled.
    /// The loop does not run in this time. So the dispose completes if and only if the other task is rejected.
    @JCStressTest
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "accepted: the dispose waits for the task")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "rejected")
    @Outcome(expect = FORBIDDEN, desc = "the dispose completes before an accepted task has run, or never")
    @Twin(fault = "the count is read and written in two steps", of = "reactive.scheduler.TraleWorker",
            real = "if (live.decrementAndGet() == DISPOSED && parent == null) {",
            broken = "int left = live.get() - 1; Thread.yield(); live.set(left); if (left == DISPOSED && parent == null) {")
    @State
    public static class ScheduleAndEnd extends Base {

        private final Disposable first = scheduler.schedule(() -> { });
        private volatile boolean ended;

        @Actor
        public void schedule(ZZ_Result r) {
            r.r1 = schedule(scheduler.root);
        }

        @Actor
        public void dispose() {
            first.dispose();
            scheduler.disposeGracefully().subscribe(null, null, () -> ended = true);
        }

        @Arbiter
        public void later(ZZ_Result r) {
            r.r2 = ended;
        }
    }
}
