package io.trale.reactive.buffer;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.util.Loggers;

/// Reports a lease that became garbage before it was closed, with the stack trace of its creation, and recovers its buffer.
final class LeaseLeak {

    /// Initialized when first needed, because a cleaner starts a thread.
    private static final class Tracker {
        static final Cleaner CLEANER = Cleaner.create();
    }

    private final BufferLease.Lender lender;
    private final int flags;
    private final Throwable taken = new Throwable("received here");
    private final AtomicBoolean settled = new AtomicBoolean();

    LeaseLeak(BufferLease lease, BufferLease.Lender lender, int flags) {
        this.lender = lender;
        this.flags = flags;
        Tracker.CLEANER.register(lease, this::collected);
    }

    /// Called before the buffer is returned. Returns false if it was returned already.
    boolean settle() {
        return settled.compareAndSet(false, true);
    }

    private void collected() {
        if (settle()) {
            Loggers.getLogger("io.trale.reactive").warn("a lease was garbage-collected without close(); its buffer was recovered", taken);
            lender.giveBack(flags);
        }
    }
}
