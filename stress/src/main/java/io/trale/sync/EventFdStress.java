package io.trale.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.future.ErrnoException;
import io.trale.stress.Eventfd;
import io.trale.stress.Twin;
import io.trale.task.OnLoop;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/// Another thread signals an [EventFd] while the loop closes it.
public class EventFdStress {

    /// A signal and the close.
    @JCStressTest
    @Outcome(id = "true, 1, 0", expect = ACCEPTABLE, desc = "written, then closed")
    @Outcome(id = "false, 0, 0", expect = ACCEPTABLE, desc = "closed, then refused")
    @Outcome(expect = FORBIDDEN, desc = "written after the close: the descriptor number may be reused")
    @Twin(fault = "a writer checks the closed bit and increments the count in two steps", of = "sync.EventFd",
            real = "int before = writers.getAndUpdate(writing -> writing < 0 ? writing : writing + 1);",
            broken = "int before = writers.get(); if (before >= 0) { writers.incrementAndGet(); }")
    @State
    public static class SignalAndClose {

        private final Eventfd eventfd = new Eventfd();
        private final EventFd event = OnLoop.make(() -> {
            OnLoop.reactor(eventfd.kernel()).bind();
            try {
                return EventFd.counter();
            } catch (ErrnoException e) {
                throw new AssertionError(e);
            }
        });

        @Actor
        public void other(ZII_Result r) {
            try {
                event.signal();
                r.r1 = true;
            } catch (IllegalStateException e) {
                r.r1 = false;
            }
        }

        @Actor
        public void loop() {
            event.close();
        }

        @Arbiter
        public void later(ZII_Result r) {
            r.r2 = eventfd.writes();
            r.r3 = eventfd.lateWrites();
        }
    }
}
