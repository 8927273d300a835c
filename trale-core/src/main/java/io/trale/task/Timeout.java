package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.reactor.Deadline;
import io.trale.reactor.Deadlines;
import io.trale.reactor.Reactor;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/// A future that has until a deadline.
final class Timeout<T> extends Deadline implements Future<T> {

    private final Future<T> future;
    private final Duration duration;
    private final Deadlines deadlines;
    private final long untilNanos;
    private Waker waker;
    private boolean over;
    private boolean late;

    Timeout(Future<T> future, Duration duration) {
        this.future = future;
        this.duration = duration;
        Reactor reactor = Reactor.current();
        deadlines = reactor.deadlines();
        untilNanos = reactor.kernel().nanoTime() + Deadlines.nanos(duration);
    }

    @Override
    public boolean poll(Waker waker) {
        this.waker = waker;
        if (future.poll(waker)) { // first: what is there in time counts, however late we look
            deadlines.callOff(this);
            return true;
        }
        if (over) {
            late = true;
            future.cancel();
        } else if (!isSet()) { // the first time, or after the close of a ring, which forgets all deadlines
            deadlines.set(this, untilNanos);
        }
        return late;
    }

    @Override
    protected void reached() {
        over = true;
        waker.wake();
    }

    @Override
    public T result() throws Exception {
        if (late) {
            throw new TimeoutException("not complete after " + duration);
        }
        return future.result();
    }

    @Override
    public void cancel() {
        deadlines.callOff(this);
        if (!late) {
            future.cancel();
        }
    }
}
