package io.trale.reactive.buffer;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.stress.Twin;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// One thread uses a [BufferLease] while another thread closes it.
public class LeaseStress {

    private static final int REFUSED = 0;
    private static final int LENT = 1;
    private static final int GIVEN_BACK = 2;

    /// A use and the close.
    @JCStressTest
    @Outcome(id = {"0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "refused, or valid during the use; returned once")
    @Outcome(expect = FORBIDDEN, desc = "returned during the use, never returned, or returned twice")
    @Twin(fault = "acquire checks the closed bit and increments the count in two steps", of = "reactive.buffer.BufferLease",
            real = "} while (!STATE.compareAndSet(this, before, before + USER));",
            broken = "} while (STATE.getAndAdd(this, USER) < 0);")
    @State
    public static class UseAndClose {

        private final AtomicInteger returns = new AtomicInteger();
        private final BufferLease lease = new BufferLease(flags -> returns.incrementAndGet(), MemorySegment.NULL, 0, 0, false);

        @Actor
        public void user(II_Result r) {
            try {
                lease.acquire();
            } catch (IllegalStateException e) {
                r.r1 = REFUSED;
                return;
            }
            r.r1 = returns.get() == 0 ? LENT : GIVEN_BACK;
            lease.release();
        }

        @Actor
        public void owner() {
            lease.close();
        }

        @Arbiter
        public void later(II_Result r) {
            r.r2 = returns.get();
        }
    }
}
