package io.trale.reactor;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.stress.Eventfd;
import io.trale.stress.Twin;
import io.trale.task.OnLoop;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A producer that must ring writes to the eventfd while the loop closes it.
public class NotifierStress {

    /// The last ring, and the close, which must wait for the ring.
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "written, then closed")
    @Outcome(expect = FORBIDDEN, desc = "written after the close: the descriptor number may be reused")
    @Twin(fault = "a ring counts as completed before its write", of = "reactor.Notifier",
            real = "try { reactor.kernel().write8(descriptor().fd(), 1); } finally {",
            broken = "try { woken.incrementAndGet(); reactor.kernel().write8(descriptor().fd(), 1); } finally {")
    @State
    public static class RingAndClose {

        private final Eventfd eventfd = new Eventfd();
        private final Notifier notifier = new Notifier(new Descriptor(OnLoop.reactor(eventfd.kernel()), Eventfd.NUMBER));

        @Actor
        public void producer() {
            notifier.wake();
        }

        @Actor
        public void loop() {
            notifier.awaitWakes(1);
            eventfd.close();
        }

        @Arbiter
        public void later(II_Result r) {
            r.r1 = eventfd.writes();
            r.r2 = eventfd.lateWrites();
        }
    }
}
