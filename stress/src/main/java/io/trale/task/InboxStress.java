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

/// Producers and the loop use an [Inbox], two at a time. No job is lost, duplicated or reordered. If the loop sleeps while a
/// job is queued, exactly one producer must ring.
public class InboxStress {

    /// An inbox, and the queue of jobs drained from it.
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

        /// Offers job `number`. Returns true if the caller must ring.
        final boolean offer(int number) {
            return inbox.offer(new Numbered(number)) == Offer.WAKE;
        }

        final void drain() {
            inbox.drainTo(queue);
        }

        final void close() {
            inbox.close(queue);
        }

        /// The numbers of the drained jobs in order, as digits.
        final int order() {
            int digits = 0;
            for (Job job; (job = queue.poll()) != null;) {
                digits = 10 * digits + ((Numbered) job).number;
            }
            return digits;
        }
    }

    /// A producer offers a job while the loop, which has seen none, begins to sleep.
    @JCStressTest
    @Outcome(id = "false, false, 1", expect = ACCEPTABLE, desc = "the offer was first: the loop stays awake")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "the sleep was first: the producer rings")
    @Outcome(expect = FORBIDDEN, desc = "the loop sleeps with a job queued and no ring, a ring wakes an awake loop, or a job is lost")
    @Twin(fault = "the loop checks for jobs and marks itself asleep in two steps", of = "task.Inbox",
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

    /// A producer offers a job while another event wakes the sleeping loop.
    @JCStressTest
    @Outcome(id = "false, false, 1", expect = ACCEPTABLE, desc = "the loop was first: no ring")
    @Outcome(id = "true, true, 1", expect = ACCEPTABLE, desc = "the offer was first: the loop expects a ring")
    @Outcome(expect = FORBIDDEN, desc = "a ring that the loop does not expect: it could close the eventfd before; an"
            + " expected ring that does not occur; or a lost job")
    @Twin(fault = "the loop checks for a ring and marks itself awake in two steps", of = "task.Inbox",
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

    /// Two producers offer a job each while the loop sleeps.
    @JCStressTest
    @Outcome(id = {"true, false, 12", "false, true, 21"}, expect = ACCEPTABLE, desc = "the first producer rings")
    @Outcome(expect = FORBIDDEN, desc = "a job is lost, or neither or both producers ring")
    @Twin(fault = "a producer reads and replaces the head in two steps", of = "task.Inbox",
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

    /// A producer offers a second job while the loop drains the first.
    @JCStressTest
    @Outcome(id = "12", expect = ACCEPTABLE, desc = "both jobs are drained, in order")
    @Outcome(expect = FORBIDDEN, desc = "a job is lost, or out of order")
    @Twin(fault = "a job is published before its link", of = "task.Inbox",
            real = "job.next = seen == ASLEEP ? null : seen; if (HEAD.compareAndSet(this, seen, job)) {",
            broken = "if (HEAD.compareAndSet(this, seen, job)) { job.next = seen == ASLEEP ? null : seen;")
    @Twin(fault = "the loop reads and clears the chain in two steps", of = "task.Inbox",
            real = "pour((Job) HEAD.getAndSet(this, null), queue);",
            broken = "head = null; pour(seen, queue);")
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

    /// A producer offers a job while the loop closes.
    @JCStressTest
    @Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "accepted and run")
    @Outcome(id = "false, 0", expect = ACCEPTABLE, desc = "refused")
    @Outcome(expect = FORBIDDEN, desc = "accepted and lost, or refused and run")
    @Twin(fault = "the loop takes the chain and closes the inbox in two steps", of = "task.Inbox",
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
