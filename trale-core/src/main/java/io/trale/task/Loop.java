package io.trale.task;

import io.trale.reactor.Reactor;
import io.trale.reactor.TurnClock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// The loop of an executor. A turn runs jobs, enters the kernel once, and handles what has completed.
///
/// Each step of a turn is bounded, in number and by [TurnClock] in time. So each step makes progress in each turn, whatever
/// the others have to do. Loop thread only, but for [#offer].
final class Loop {

    /// No limit in time, for a sleep or as a deadline.
    static final long FOREVER = Long.MAX_VALUE;

    private static final int JOBS_PER_TURN = 256;

    private final Reactor reactor;
    private final TurnClock clock;
    private final LiveTasks live;
    private final Consumer<Throwable> uncaught;
    private final RunQueue runQueue = new RunQueue();
    private final Inbox inbox = new Inbox();
    /// How many foreign threads were asked to wake the sleeping loop since the ring was opened; see [Reactor#close].
    private int wakes;

    Loop(Reactor reactor, LiveTasks live, Consumer<Throwable> uncaught) {
        this.reactor = reactor;
        this.live = live;
        this.uncaught = uncaught;
        clock = reactor.clock();
    }

    /// Turns while `condition` holds, which is checked before the loop may sleep. Sleeps until `deadlineNanos` at most; at the
    /// deadline, the last turn does not sleep. [#FOREVER] is no deadline.
    void runWhile(BooleanSupplier condition, long deadlineNanos) {
        clock.begin();
        runJobs();
        for (long left = FOREVER; left > 0 && condition.getAsBoolean();) {
            left = deadlineNanos == FOREVER ? FOREVER : left(deadlineNanos);
            runIo(left);
            runJobs();
        }
    }

    /// One turn that does not sleep.
    void turn() {
        clock.begin();
        runJobs();
        runIo(0);
    }

    /// First half of a turn: at most [#JOBS_PER_TURN] jobs, until the turn has lasted [TurnClock#TURN_NANOS].
    void runJobs() {
        inbox.drainTo(runQueue);
        clock.beginJobs();
        int left = JOBS_PER_TURN;
        for (Job job; left > 0 && !clock.isOver() && (job = runQueue.poll()) != null; left--) {
            if (clock.isTiming()) {
                runTimed(job);
            } else {
                job.run();
            }
        }
        live.reportUnjoined();
    }

    /// Second half of a turn: one system call that submits and sleeps; then completions and deadlines, until the new turn has
    /// lasted half of [TurnClock#TURN_NANOS].
    private void runIo(long sleepNanos) {
        boolean asleep = sleepNanos > 0 && runQueue.isEmpty() && inbox.sleep();
        try {
            reactor.submit(asleep ? sleepNanos : 0);
        } finally {
            if (asleep && inbox.awake()) {
                wakes++;
            }
        }
        reactor.handle(); // at most Limits.completionsPerTurn completions, and 512 deadlines
    }

    private void runTimed(Job job) {
        Object code = job.code(); // a task that has ended does not keep it
        job.run();
        try {
            clock.ran(code.getClass()::getName);
        } catch (Throwable t) {
            uncaught.accept(t);
        }
    }

    /// How long it is until `deadlineNanos`, at least 0.
    private long left(long deadlineNanos) {
        return Math.max(0, deadlineNanos - reactor.kernel().nanoTime());
    }

    /// Adds `job` to the end of the run queue.
    void add(Job job) {
        runQueue.add(job);
    }

    /// Hands over `job` from another thread, and wakes the loop if it sleeps. Any thread. Returns false if the loop has ended.
    boolean offer(Job job) {
        Inbox.Offer offer = inbox.offer(job);
        if (offer == Inbox.Offer.WAKE) {
            reactor.wake();
        }
        return offer != Inbox.Offer.CLOSED;
    }

    /// True if a job is in the run queue.
    boolean hasJobs() {
        return !runQueue.isEmpty();
    }

    /// True if no job is queued, neither here nor by another thread.
    boolean isIdle() {
        return runQueue.isEmpty() && inbox.isEmpty();
    }

    /// Frees the ring; see [Reactor#close].
    boolean closeRing() {
        boolean idle = reactor.close(wakes);
        wakes = 0;
        return idle;
    }

    /// Refuses foreign jobs from now on. Those accepted before are queued.
    void closeInbox() {
        inbox.close(runQueue);
    }

    /// Runs all jobs that are queued, but for tasks, which could go on for ever.
    void runAllButTasks() {
        do {
            for (Job job; (job = runQueue.poll()) != null;) {
                if (!(job instanceof Task)) {
                    job.run();
                }
            }
        } while (reactor.turn(0) > 0);
        live.reportUnjoined();
    }
}
