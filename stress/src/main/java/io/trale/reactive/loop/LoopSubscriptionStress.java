package io.trale.reactive.loop;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.stress.Twin;
import io.trale.task.Executor;
import io.trale.task.OnLoop;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/// Other threads request and cancel on a [LoopSubscription] while the loop drains it. The loop sees each request and cancel.
public class LoopSubscriptionStress {

    private enum Quiet implements CoreSubscriber<Void> {
        SUBSCRIBER;

        @Override
        public void onSubscribe(Subscription subscription) { }

        @Override
        public void onNext(Void element) { }

        @Override
        public void onError(Throwable failure) { }

        @Override
        public void onComplete() { }
    }

    /// A source without elements that records its demand.
    static final class Source extends LoopSubscription<Void> {

        long wanted;
        int stops;

        Source(Executor executor) {
            super(new Loop("stress", executor), Quiet.SUBSCRIBER);
        }

        @Override
        protected void progress() {
            wanted = demand();
        }

        @Override
        protected void stop() {
            stops++;
        }
    }

    /// A source and its loop.
    abstract static class Base {

        private final Executor executor = OnLoop.executor();
        final Source source = new Source(executor);

        /// Runs the scheduled drain on the loop.
        final void look() {
            executor.reactor().bind();
            source.run();
        }

        /// Runs a drain on the loop if one is scheduled.
        final void lookIfAsked() {
            OnLoop.runJobs(executor);
        }
    }

    /// Two threads request.
    @JCStressTest
    @Outcome(id = "3", expect = ACCEPTABLE, desc = "the sum of both requests")
    @Outcome(expect = FORBIDDEN, desc = "a request is lost, or counted twice")
    @Twin(fault = "the demand is read and written in two steps", of = "reactive.loop.LoopSubscription",
            real = "Operators.addCap(REQUESTED, this, n);",
            broken = "requested = Operators.addCap(requested, n);")
    @State
    public static class RequestAndRequest extends Base {

        public RequestAndRequest() {
            source.run();
        }

        @Actor
        public void one() {
            source.request(1);
        }

        @Actor
        public void other() {
            source.request(2);
        }

        @Arbiter
        public void later(I_Result r) {
            lookIfAsked();
            r.r1 = (int) source.wanted;
        }
    }

    /// A thread requests while the loop collects an earlier request.
    @JCStressTest
    @Outcome(id = "3", expect = ACCEPTABLE, desc = "the sum of both requests")
    @Outcome(expect = FORBIDDEN, desc = "a request is lost, not yet seen without a scheduled drain, or counted twice")
    @Twin(fault = "the loop clears `scheduled` after the drain", of = "reactive.loop.LoopSubscription",
            real = """
                    scheduled = 0;
                    if (state == State.NEW) {
                        state = State.STARTED;
                    }
                    drain();
                    """,
            broken = "state = State.STARTED; drain(); scheduled = 0;")
    @Twin(fault = "the loop reads and clears the demand in two steps", of = "reactive.loop.LoopSubscription",
            real = "demand = Operators.addCap(demand, REQUESTED.getAndSet(this, 0));",
            broken = "demand = Operators.addCap(demand, requested); requested = 0;")
    @State
    public static class RequestAndLook extends Base {

        public RequestAndLook() {
            source.request(1);
        }

        @Actor
        public void other() {
            source.request(2);
        }

        @Actor
        public void loop() {
            look();
        }

        @Arbiter
        public void later(I_Result r) {
            lookIfAsked();
            r.r1 = (int) source.wanted;
        }
    }

    /// A thread cancels while the loop drains.
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the source is stopped once")
    @Outcome(expect = FORBIDDEN, desc = "the source is not stopped, or stopped twice")
    @Twin(fault = "the loop clears `scheduled` after the drain", of = "reactive.loop.LoopSubscription",
            real = """
                    scheduled = 0;
                    if (state == State.NEW) {
                        state = State.STARTED;
                    }
                    drain();
                    """,
            broken = "state = State.STARTED; drain(); scheduled = 0;")
    @State
    public static class CancelAndLook extends Base {

        @Actor
        public void other() {
            source.cancel();
        }

        @Actor
        public void loop() {
            look();
        }

        @Arbiter
        public void later(I_Result r) {
            lookIfAsked();
            r.r1 = source.stops;
        }
    }
}
