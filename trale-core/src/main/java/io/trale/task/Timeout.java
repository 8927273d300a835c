package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.Countdown;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;

/// Completes with a future, or cancels it at a deadline.
final class Timeout<T> extends Countdown implements Future<T> {

    private final Future<T> future;
    private final Duration duration;
    private boolean late;
    private Throwable cancelFailure;
    /// The result was taken, or the future was cancelled: it may have another owner.
    private boolean over;

    Timeout(Future<T> future, Duration duration) {
        super(duration);
        this.future = Objects.requireNonNull(future);
        this.duration = duration;
    }

    @Override
    public boolean poll(Waker waker) {
        if (future.poll(waker)) { // first: a future that completed in time counts, even if this poll is late
            callOff();
            return true;
        }
        if (isOver(waker)) {
            late = true;
            over = true;
            try {
                future.cancel();
            } catch (Throwable t) {
                cancelFailure = t;
            }
        }
        return late;
    }

    @Override
    public T result() throws Exception {
        checkThread();
        if (late) {
            TimeoutException thrown = new TimeoutException("not complete after " + duration);
            if (cancelFailure != null) {
                thrown.addSuppressed(cancelFailure);
            }
            throw thrown;
        }
        over = true;
        return future.result();
    }

    @Override
    public void cancel() {
        callOff();
        if (!over) {
            over = true;
            future.cancel();
        }
    }
}
