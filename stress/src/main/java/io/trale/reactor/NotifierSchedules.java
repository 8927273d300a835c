package io.trale.reactor;

import io.trale.stress.Twin;
import io.trale.task.ExecutorSchedules;

/// Schedules in which other threads wake a loop that closes.
public class NotifierSchedules {

    /// For nested classes only.
    NotifierSchedules() {}

    /// The descriptor stays open until every thread that wakes the loop has written to it.
    @Twin(fault = "a wake counts as completed before its write", of = Notifier.class,
            real = "try { reactor.kernel().write8(descriptor().fd(), 1); } finally { woken.incrementAndGet(); }",
            broken = "woken.incrementAndGet(); reactor.kernel().write8(descriptor().fd(), 1);")
    public static class WakeAndClose extends ExecutorSchedules.WakeAndClose {

        /// For Fray.
        public WakeAndClose() {}
    }
}
