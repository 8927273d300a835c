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

/// Other threads wake, abort and join a [Task] while the loop runs it.
public class TaskStress {

    /// A task of an executor, and its future, which completes when a poll sees `ready`.
    abstract static class Base implements Future<Integer> {

        static final int VALUE = 42;

        final Executor executor = OnLoop.executor();
        final Task<Integer> task = (Task<Integer>) executor.submit(this);

        // Plain fields: a write before a wake must be visible to the next poll.
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

        /// Runs the task on the loop if it is queued.
        final void runQueued() {
            OnLoop.runJobs(executor);
        }
    }

    /// A thread sets `ready` and wakes the task while the loop polls it.
    @JCStressTest
    @Outcome(id = {"true, 1", "true, 2"}, expect = ACCEPTABLE, desc = "seen by this poll or a later one")
    @Outcome(expect = FORBIDDEN, desc = "no poll has seen `ready`, or there was one poll too many")
    @Twin(fault = "the bit is cleared after the poll", of = "task.Task",
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

    /// Two threads wake a waiting task.
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the task is queued once and polled once")
    @Outcome(expect = FORBIDDEN, desc = "the task is not queued, or queued twice: it has one link, so it cannot be in two chains")
    @Twin(fault = "the bit is checked and set in two steps", of = "task.Task",
            real = "if (((int) STATE.getAndBitwiseOr(this, SCHEDULED) & SCHEDULED) == 0) {",
            broken = "if ((state & SCHEDULED) == 0) { STATE.getAndBitwiseOr(this, SCHEDULED);")
    @State
    public static class WakeAndWake extends Base {

        public WakeAndWake() {
            executor.loop.runJobs();
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
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "cancelled by this run or the next")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "the abort is lost")
    @Twin(fault = "the bits are read and written in two steps", of = "task.Task",
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

    /// The task ends while another thread begins to join it.
    @JCStressTest
    @Outcome(id = "1, 42, 0", expect = ACCEPTABLE, desc = "the end was first, and the joiner sees the value")
    @Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "the join was first, and its waker is woken")
    @Outcome(expect = FORBIDDEN, desc = "the joiner is not woken, or sees the end without the value")
    @Twin(fault = "the waker is read and replaced in two steps", of = "task.Task",
            real = "Waker waiting = (Waker) JOINER.getAndSet(this, DONE);",
            broken = "Waker waiting = joiner; joiner = DONE;")
    @Twin(fault = "the end is published before its value", of = "task.Task",
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
