package io.trale.reactive.buffer;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.util.Loggers;

/// Where a lease was taken: reports it, and recovers the buffer, if the lease becomes garbage before it is closed.
final class LeaseLeak {

    /// Made when first needed, since it has a thread.
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

    /// The buffer is about to be given back. Returns false if it has been already.
    boolean settle() {
        return settled.compareAndSet(false, true);
    }

    private void collected() {
        if (settle()) {
            Loggers.getLogger("io.trale.reactive").warn("a lease was lost: close() was not called", taken);
            lender.giveBack(flags);
        }
    }
}
