package io.trale.task;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.stress.Twin;
import io.trale.task.Inbox.Offer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/// What producers and the loop do to an [Inbox], two at a time. No job may be lost, nor come twice, nor out of order, and a
/// loop sleeps on a job only if exactly one producer was told to ring.
public class InboxStress {

    /// A job, an inbox, and what has come out of it.
    abstract static class Base {

        final Inbox inbox = new Inbox();
        private final RunQueue queue = new RunQueue();

        static final class Numbered extends Job {
            private final int number;

            Numbered(int number) {
                this.number = number;
            }

            @Override
            void run() {
                throw new AssertionError("not run by these tests");
            }
        }

        /// Returns whether the caller has to ring.
        final boolean offer(int number) {
            return inbox.offer(new Numbered(number)) == Offer.RING;
        }

        final void drain() {
            inbox.drainTo(queue);
        }

        final void close() {
            inbox.close(queue);
        }

        /// The numbers of the jobs that came out, in their order, as digits.
        final int order() {
            int digits = 0;
            for (Job job; (job = queue.poll()) != null;) {
                digits = 10 * digits + ((Numbered) job).number;
            }
            return digits;
        }
    }

    /// A producer has a job while the loop, which has seen none, is about to sleep.
    @JCStressTest
    @Outcome(id = "false, false, 1", expect = ACCEPTABLE, desc = "the job was first: the loop stays awake")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "the mark was first: the loop sleeps, and is rung")
    @Outcome(expect = FORBIDDEN, desc = "a loop asleep on a job, a ring for a loop awake, or a job lost")
    @Twin(fault = "the loop looks for jobs and then says that it sleeps", of = Inbox.class,
            real = "return HEAD.compareAndSet(this, null, ASLEEP);",
            broken = "if (head != null) { return false; } head = ASLEEP; return true;")
    @State
    public static class OfferAndSleep extends Base {

        @Actor
        public void producer(ZZI_Result r) {
            r.r1 = offer(1);
        }

        @Actor
        public void loop(ZZI_Result r) {
            r.r2 = inbox.sleep();
        }

        @Arbiter
        public void later(ZZI_Result r) {
            inbox.awake();
            drain();
            r.r3 = order();
        }
    }

    /// A producer has a job while the loop, which slept, is woken by something else.
    @JCStressTest
    @Outcome(id = "false, false, 1", expect = ACCEPTABLE, desc = "the loop was first: awake, it waits for no ring")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "the job was first: the loop knows that a ring is owed")
    @Outcome(expect = FORBIDDEN, desc = "a ring that the loop does not know of, for which it would not wait before it"
            + " closes the eventfd; or one that never comes; or a job lost")
    @Twin(fault = "the loop looks whether it was rung and then says that it is awake", of = Inbox.class,
            real = "return !HEAD.compareAndSet(this, ASLEEP, null);",
            broken = "if (head != ASLEEP) { return true; } head = null; return false;")
    @State
    public static class OfferAndAwake extends Base {

        public OfferAndAwake() {
            inbox.sleep();
        }

        @Actor
        public void producer(ZZI_Result r) {
            r.r1 = offer(1);
        }

        @Actor
        public void loop(ZZI_Result r) {
            r.r2 = inbox.awake();
        }

        @Arbiter
        public void later(ZZI_Result r) {
            drain();
            r.r3 = order();
        }
    }

    /// Two producers have a job each for a loop that sleeps.
    @JCStressTest
    @Outcome(id = {"true, false, 12", "false, true, 21"}, expect = ACCEPTABLE, desc = "the first one rings")
    @Outcome(expect = FORBIDDEN, desc = "a job lost, or nobody rings, or both do")
    @Twin(fault = "a producer looks for the head and then replaces it", of = Inbox.class,
            real = "if (HEAD.compareAndSet(this, seen, job)) {",
            broken = "if (head == seen) { head = job;")
    @State
    public static class OfferAndOffer extends Base {

        public OfferAndOffer() {
            inbox.sleep();
        }

        @Actor
        public void one(ZZI_Result r) {
            r.r1 = offer(1);
        }

        @Actor
        public void other(ZZI_Result r) {
            r.r2 = offer(2);
        }

        @Arbiter
        public void later(ZZI_Result r) {
            drain();
            r.r3 = order();
        }
    }

    /// A producer has a second job while the loop takes the first.
    @JCStressTest
    @Outcome(id = "12", expect = ACCEPTABLE, desc = "both come out, in order")
    @Outcome(expect = FORBIDDEN, desc = "a job lost, or out of order")
    @Twin(fault = "a job is published before its link", of = Inbox.class,
            real = "job.next = seen == ASLEEP ? null : seen; if (HEAD.compareAndSet(this, seen, job)) {",
            broken = "if (HEAD.compareAndSet(this, seen, job)) { job.next = seen == ASLEEP ? null : seen;")
    @Twin(fault = "the loop looks at the chain and then takes it away", of = Inbox.class,
            real = "if (head != null) { pour((Job) HEAD.getAndSet(this, null), queue); }",
            broken = "Job seen = head; head = null; pour(seen, queue);")
    @State
    public static class OfferAndDrain extends Base {

        public OfferAndDrain() {
            offer(1);
        }

        @Actor
        public void producer() {
            offer(2);
        }

        @Actor
        public void loop() {
            drain();
        }

        @Arbiter
        public void later(I_Result r) {
            drain();
            r.r1 = order();
        }
    }

    /// A producer has a job while the loop closes.
    @JCStressTest
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "accepted, and runs")
    @Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "refused")
    @Outcome(expect = FORBIDDEN, desc = "accepted and lost, or refused and run")
    @Twin(fault = "the loop looks at the chain and then closes", of = Inbox.class,
            real = "pour((Job) HEAD.getAndSet(this, CLOSED), queue);",
            broken = "Job seen = head; head = CLOSED; pour(seen, queue);")
    @State
    public static class OfferAndClose extends Base {

        @Actor
        public void producer(ZI_Result r) {
            r.r1 = inbox.offer(new Numbered(1)) != Offer.CLOSED;
        }

        @Actor
        public void loop() {
            close();
        }

        @Arbiter
        public void later(ZI_Result r) {
            r.r2 = order();
        }
    }
}
