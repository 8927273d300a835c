package io.trale.reactor;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.stress.Schedule;
import io.trale.stress.Twin;
import io.trale.task.Executor;
import io.trale.task.OnSharedKernel;
import io.trale.time.Timer;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;

/// Schedules in which other threads wake a loop that closes.
public class NotifierSchedules {

    /// For nested classes only.
    NotifierSchedules() {}

    /// Closes its executor after a sleep of 1 ns.
    private static final class Closing implements Future<Void> {

        private final Future<Void> sleep = Timer.sleep(Duration.ofNanos(1));

        @Override
        public boolean poll(Waker waker) {
            if (!sleep.poll(waker)) {
                return false;
            }
            Executor.current().close();
            return true;
        }

        @Override
        public Void result() {
            return null;
        }

        @Override
        public void cancel() {
            sleep.cancel();
        }
    }

    /// A thread wakes the loop. A timer wakes the loop as well, and the loop closes. The descriptor stays open until the
    /// thread has written to it.
    @Twin(fault = "a ring counts as completed before its write", of = Notifier.class,
            real = "try { reactor.kernel().write8(descriptor().fd(), 1); } finally { woken.incrementAndGet(); }",
            broken = "woken.incrementAndGet(); reactor.kernel().write8(descriptor().fd(), 1);")
    public static class RingAndClose implements Schedule {

        /// For Fray.
        public RingAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Executor executor = kernel.start();
            executor.submit(new Closing());
            Thread a = Schedule.go(() -> {
                try {
                    executor.execute(() -> { });
                } catch (RejectedExecutionException e) {
                    // closed
                }
            });
            executor.close();
            a.join();
            kernel.end();
        }
    }
}
