package io.trale.leaf;

import io.trale.future.Waker;
import io.trale.reactor.Deadline;
import io.trale.reactor.Deadlines;
import io.trale.reactor.Reactor;
import java.time.Duration;

/// A future's wait for a duration. It counts from the creation of the future, on any thread; the deadline belongs to the
/// executor that polls.
public abstract class Countdown extends Deadline {

    /// The time of the end; the duration while no clock is known.
    private long nanos;
    private boolean counting;
    private boolean over;
    /// The reactor whose deadline this is, or was last.
    private Reactor reactor;
    private Waker waker;

    /// Counts from now; from the first poll if the current thread has no reactor, and so no clock.
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

    /// True if the duration has passed; until then `waker` replaces the previous one, and is woken when it has.
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

    /// Ends the wait.
    protected final void callOff() {
        checkThread();
        if (reactor != null) {
            reactor.deadlines().callOff(this);
        }
    }

    /// Throws as [Reactor#checkThread] while the deadline is set.
    protected final void checkThread() {
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
