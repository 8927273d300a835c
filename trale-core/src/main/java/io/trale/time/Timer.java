package io.trale.time;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.reactor.Deadline;
import io.trale.reactor.Deadlines;
import io.trale.reactor.Reactor;
import java.time.Duration;

/// Sleeping, on the executor's one timer.
public final class Timer {

    private Timer() {}

    /// Completes when `duration` has passed since this call; at once if it is zero or less. Sleepers of one executor wake in
    /// the order of their deadlines, at a time that the kernel's monotonic clock tells. A million of them cost one
    /// descriptor, and each costs this object.
    public static Future<Void> sleep(Duration duration) {
        Reactor reactor = Reactor.current();
        return new Sleep(reactor.deadlines(), reactor.kernel().nanoTime() + Deadlines.nanos(duration));
    }

    private static final class Sleep extends Deadline implements Future<Void> {

        private final Deadlines deadlines;
        private final long untilNanos;
        private Waker waker;
        private boolean over;

        Sleep(Deadlines deadlines, long untilNanos) {
            this.deadlines = deadlines;
            this.untilNanos = untilNanos;
        }

        @Override
        public boolean poll(Waker waker) {
            this.waker = waker;
            if (!over && !isSet()) { // the first time, or after the close of a ring, which forgets all deadlines
                deadlines.set(this, untilNanos);
            }
            return over;
        }

        @Override
        protected void reached() {
            over = true;
            waker.wake();
        }

        @Override
        public Void result() {
            return null;
        }

        @Override
        public void cancel() {
            deadlines.callOff(this);
        }
    }
}
