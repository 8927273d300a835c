package io.trale.task;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.stress.Twin;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/// What other threads do to a [Task] while the loop runs it: wake it, abort it, wait for its end.
public class TaskStress {

    /// A task of an executor, and its future, which completes once `ready` is seen.
    abstract static class Base implements Future<Integer> {

        static final int VALUE = 42;

        final Executor executor = OnLoop.executor();
        final Task<Integer> task = (Task<Integer>) executor.submit(this);

        // Plain, since what comes before a wake has to be seen by the poll that follows it.
        boolean ready;
        int polls;
        boolean cancelled;

        @Override
        public boolean poll(Waker waker) {
            polls++;
            return ready;
        }

        @Override
        public Integer result() {
            return VALUE;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        /// The loop runs the task if it is queued.
        final void runQueued() {
            OnLoop.runJobs(executor);
        }
    }

    /// Something comes true, and a wake says so, while the task is polled.
    @JCStressTest
    @Outcome(id = {"true, 1", "true, 2"}, expect = ACCEPTABLE, desc = "seen by this poll, or by one that follows")
    @Outcome(expect = FORBIDDEN, desc = "no poll has seen what the wake was for, or there was one too many")
    @Twin(fault = "the bit is cleared after the poll", of = Task.class,
            real = "if (!future.poll(this)) {",
            broken = """
                    STATE.getAndBitwiseOr(this, SCHEDULED);
                    boolean over = future.poll(this);
                    STATE.getAndBitwiseAnd(this, ~SCHEDULED);
                    if (!over) {
                    """)
    @State
    public static class WakeAndRun extends Base {

        @Actor
        public void other() {
            ready = true;
            task.wake();
        }

        @Actor
        public void loop() {
            runQueued();
        }

        @Arbiter
        public void later(ZI_Result r) {
            runQueued();
            r.r1 = task.isDone();
            r.r2 = polls;
        }
    }

    /// Two threads wake a task that waits.
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "it is queued once, and polled once")
    @Outcome(expect = FORBIDDEN, desc = "it is not queued, or twice: its one link would be in two chains")
    @Twin(fault = "the bit is looked at and then set", of = Task.class,
            real = "if (((int) STATE.getAndBitwiseOr(this, SCHEDULED) & SCHEDULED) == 0) {",
            broken = "if ((state & SCHEDULED) == 0) { STATE.getAndBitwiseOr(this, SCHEDULED);")
    @State
    public static class WakeAndWake extends Base {

        public WakeAndWake() {
            executor.runJobs();
            polls = 0;
        }

        @Actor
        public void one() {
            task.wake();
        }

        @Actor
        public void other() {
            task.wake();
        }

        @Arbiter
        public void later(I_Result r) {
            runQueued();
            r.r1 = polls;
        }
    }

    /// The task is aborted while it is polled.
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "cancelled by this run, or by the next")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "the abort is lost")
    @Twin(fault = "the bits are read and then written", of = Task.class,
            real = "int before = (int) STATE.getAndBitwiseAnd(this, ~SCHEDULED);",
            broken = "int before = state; state = before & ~SCHEDULED;")
    @State
    public static class AbortAndRun extends Base {

        @Actor
        public void other() {
            task.abort();
        }

        @Actor
        public void loop() {
            runQueued();
        }

        @Arbiter
        public void later(Z_Result r) {
            runQueued();
            r.r1 = cancelled;
        }
    }

    /// The task ends while somebody begins to wait for that.
    @JCStressTest
    @Outcome(id = "1, 42, 0", expect = ACCEPTABLE, desc = "the end was first, and its value is seen")
    @Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "the waker was first, and is woken")
    @Outcome(expect = FORBIDDEN, desc = "one who waits is not woken, or an end without its value")
    @Twin(fault = "the waker is read and then replaced", of = Task.class,
            real = "Waker waiting = (Waker) JOINER.getAndSet(this, DONE);",
            broken = "Waker waiting = joiner; joiner = DONE;")
    @Twin(fault = "the end is published before its value", of = Task.class,
            real = """
                    this.value = value;
                    this.failure = failure;
                    Waker waiting = (Waker) JOINER.getAndSet(this, DONE);
                    """,
            broken = """
                    Waker waiting = (Waker) JOINER.getAndSet(this, DONE);
                    this.value = value;
                    this.failure = failure;
                    """)
    @State
    public static class JoinAndEnd extends Base {

        private int wakes;

        public JoinAndEnd() {
            ready = true;
        }

        @Actor
        public void other(III_Result r) {
            if (task.poll(() -> wakes++)) {
                r.r1 = 1;
                r.r2 = value();
            }
        }

        private int value() {
            try {
                Integer value = task.result();
                return value == null ? 0 : value;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @Actor
        public void loop() {
            runQueued();
        }

        @Arbiter
        public void later(III_Result r) {
            r.r3 = wakes;
        }
    }
}
