package io.trale.time;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.Countdown;
import java.time.Duration;

/// Sleeps. All sleeps of an executor share one timer descriptor.
public final class Timer {

    private Timer() {}

    /// Completes after `duration`, measured from this call with the monotonic clock. If the calling thread has no executor,
    /// the time is measured from the first poll. A duration of zero or less completes at once.
    ///
    /// Sleeps of one executor complete in the order of their deadlines. A sleep costs one object and no descriptor.
    public static Future<Void> sleep(Duration duration) {
        return new Sleep(duration);
    }

    private static final class Sleep extends Countdown implements Future<Void> {

        Sleep(Duration duration) {
            super(duration);
        }

        @Override
        public boolean poll(Waker waker) {
            return isOver(waker);
        }

        @Override
        public Void result() {
            checkThread();
            return null;
        }

        @Override
        public void cancel() {
            callOff();
        }
    }
}
