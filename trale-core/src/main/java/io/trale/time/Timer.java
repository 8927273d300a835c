package io.trale.time;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.Countdown;
import java.time.Duration;

/// Sleeping, on the executor's one timer.
public final class Timer {

    private Timer() {}

    /// Completes when `duration` has passed since this call, or since the first poll if the thread that calls has no
    /// executor; at once if it is zero or less. Sleepers of one executor wake in the order of their deadlines, at a time that
    /// the kernel's monotonic clock tells. A million of them cost one descriptor, and each costs this object.
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
            return null;
        }

        @Override
        public void cancel() {
            callOff();
        }
    }
}
