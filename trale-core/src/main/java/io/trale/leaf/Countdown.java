package io.trale.leaf;

import io.trale.future.Waker;
import io.trale.reactor.Deadline;
import io.trale.reactor.Deadlines;
import io.trale.reactor.Reactor;
import java.time.Duration;

/// A duration that a future lets pass. It counts from the making of the future, on whichever thread that is, but its deadline
/// is one of the executor that polls.
public abstract class Countdown extends Deadline {

    /// The moment of the end; how long it takes while there is no clock yet.
    private long nanos;
    private boolean counting;
    private boolean over;
    /// The reactor whose deadline this is, or was last.
    private Reactor reactor;
    private Waker waker;

    /// Counts from now; from the first poll where the current thread has no reactor, and so no clock.
    protected Countdown(Duration duration) {
        nanos = Deadlines.nanos(duration);
        if (Reactor.isBound()) {
            begin(Reactor.current());
        }
    }

    private void begin(Reactor reactor) {
        counting = true;
        nanos += reactor.kernel().nanoTime();
    }

    /// True once it is over; until then `waker`, in place of the one before, is woken when it is.
    protected final boolean isOver(Waker waker) {
        checkThread();
        this.waker = waker;
        if (!over && !isSet()) { // the first time, or after the close of a ring, which forgets all deadlines
            reactor = Reactor.current();
            if (!counting) {
                begin(reactor);
            }
            reactor.deadlines().set(this, nanos);
        }
        return over;
    }

    /// Nobody waits any more.
    protected final void callOff() {
        checkThread();
        if (reactor != null) {
            reactor.deadlines().callOff(this);
        }
    }

    /// Throws as [Reactor#checkThread] while it is the deadline of a reactor.
    private void checkThread() {
        if (isSet()) {
            reactor.checkThread();
        }
    }

    @Override
    protected final void reached() {
        over = true;
        waker.wake();
    }
}
