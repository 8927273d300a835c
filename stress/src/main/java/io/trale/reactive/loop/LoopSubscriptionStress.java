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

/// What other threads want of a [LoopSubscription] while the loop looks. All that is asked for is seen, and the last note
/// does not stay unread.
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

    /// A source that has nothing, and notes what is wanted of it.
    static final class Source extends LoopSubscription<Void> {

        long wanted;
        int stops;

        Source(Executor executor) {
            super(new Loop("stress", executor), Quiet.SUBSCRIBER);
        }

        @Override
        protected void start() { }

        @Override
        protected void progress() {
            wanted = demand();
        }

        @Override
        protected void stop() {
            stops++;
        }
    }

    /// A source, and its loop.
    abstract static class Base {

        private final Executor executor = OnLoop.executor();
        final Source source = new Source(executor);

        /// The loop looks, as it was asked to.
        final void look() {
            executor.reactor().bind();
            source.run();
        }

        /// The loop looks if it was asked to.
        final void lookIfAsked() {
            OnLoop.runJobs(executor);
        }
    }

    /// Two threads request.
    @JCStressTest
    @Outcome(id = "3", expect = ACCEPTABLE, desc = "one and two")
    @Outcome(expect = FORBIDDEN, desc = "a request is lost, or taken twice")
    @Twin(fault = "the number is read and then written", of = LoopSubscription.class,
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

    /// A request while the loop collects an earlier one.
    @JCStressTest
    @Outcome(id = "3", expect = ACCEPTABLE, desc = "one and two")
    @Outcome(expect = FORBIDDEN, desc = "a request is lost, stays unread, or is taken twice")
    @Twin(fault = "the loop looks and then says that it may be asked again", of = LoopSubscription.class,
            real = """
                    scheduled = 0; // a note taken from here on schedules again
                    if (!started) {
                        started = true;
                        if (!cancelled) { // else the next subscriber may have started already
                            start();
                        }
                    }
                    drain();
                    """,
            broken = "started = true; drain(); scheduled = 0;")
    @Twin(fault = "the loop reads the number and then clears it", of = LoopSubscription.class,
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

    /// A cancel while the loop looks.
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the source is let go, once")
    @Outcome(expect = FORBIDDEN, desc = "it is not, or twice")
    @Twin(fault = "the loop looks and then says that it may be asked again", of = LoopSubscription.class,
            real = """
                    scheduled = 0; // a note taken from here on schedules again
                    if (!started) {
                        started = true;
                        if (!cancelled) { // else the next subscriber may have started already
                            start();
                        }
                    }
                    drain();
                    """,
            broken = "started = true; drain(); scheduled = 0;")
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
