package io.trale.task;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Jobs from other threads, and whether the loop must be woken for them, in one word.
///
/// `head` is the newest job of a chain, or one of three marks: null (empty, the loop is awake), ASLEEP (empty, the loop sleeps
/// or is about to), CLOSED. Chain and state are one word. So the producer that replaces ASLEEP by its job knows that it must
/// wake the loop, and the loop that sets ASLEEP knows that the inbox is empty. No wake-up can be lost in between.
final class Inbox {

    enum Offer {
        /// Accepted; the loop is awake and will take the job.
        ACCEPTED,
        /// Accepted; the caller must wake the loop.
        WAKE,
        /// Not accepted.
        CLOSED
    }

    private static final class Mark extends Job {
        @Override
        void run() {
            throw new AssertionError("a mark is no job");
        }
    }

    private static final Job ASLEEP = new Mark();
    private static final Job CLOSED = new Mark();

    private static final VarHandle HEAD;

    static {
        try {
            HEAD = MethodHandles.lookup().findVarHandle(Inbox.class, "head", Job.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through HEAD
    private volatile Job head;

    /// Hands `job` to the loop. Any thread; never blocks.
    Offer offer(Job job) {
        while (true) {
            Job seen = head;
            if (seen == CLOSED) {
                return Offer.CLOSED;
            }
            job.next = seen == ASLEEP ? null : seen;
            if (HEAD.compareAndSet(this, seen, job)) { // publishes the job and its link
                return seen == ASLEEP ? Offer.WAKE : Offer.ACCEPTED;
            }
        }
    }

    /// Moves all jobs to `queue`, oldest first. Loop thread.
    void drainTo(RunQueue queue) {
        Job seen = head;
        if (seen != null && seen != CLOSED) {
            pour((Job) HEAD.getAndSet(this, null), queue);
        }
    }

    /// True if there are no jobs. Loop thread, awake.
    boolean isEmpty() {
        return head == null;
    }

    /// Announces that the loop is about to sleep. Returns false without effect if there are jobs or if the inbox is closed.
    boolean sleep() {
        return HEAD.compareAndSet(this, null, ASLEEP);
    }

    /// Must be called after the sleep. Returns true if a producer got WAKE meanwhile, and so has woken the loop or is about to.
    boolean awake() {
        return !HEAD.compareAndSet(this, ASLEEP, null);
    }

    /// Refuses jobs from now on; moves those that were accepted to `queue`.
    void close(RunQueue queue) {
        pour((Job) HEAD.getAndSet(this, CLOSED), queue);
    }

    private static void pour(Job newest, RunQueue queue) {
        if (newest == ASLEEP || newest == CLOSED) {
            return;
        }
        Job reversed = null;
        for (Job job = newest; job != null;) {
            Job older = job.next;
            job.next = reversed;
            reversed = job;
            job = older;
        }
        for (Job job = reversed; job != null;) {
            Job newer = job.next;
            job.next = null;
            queue.add(job);
            job = newer;
        }
    }
}
