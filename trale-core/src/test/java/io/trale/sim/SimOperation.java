package io.trale.sim;

import io.trale.linux.Errno;

/// An operation in flight: from the submission of its entry to its last completion.
///
/// It is attempted when it is submitted, or a little later, and again each time its file may have become ready.
abstract class SimOperation {

    /// What an attempt returns that has to wait.
    static final int PENDING = Integer.MIN_VALUE;

    final SimRing ring;
    final SimKernel kernel;
    final Entry entry;
    final SimFile file;

    /// A look at the file is on its way: no second one is needed.
    private boolean waking;
    private boolean waiting;
    private boolean ended;
    /// A worker of the kernel has it, and looks at the end only whether it was cancelled.
    boolean busy;
    boolean cancelled;

    SimOperation(SimRing ring, Entry entry, SimFile file) {
        this.ring = ring;
        this.kernel = ring.kernel;
        this.entry = entry;
        this.file = file;
    }

    /// Does what can be done now. Returns the result, or [#PENDING].
    abstract int attempt();

    /// Which readiness is worth an attempt: `POLL*`.
    abstract int interest();

    /// The flags of the completion whose result the last attempt returned.
    int completionFlags() {
        return 0;
    }

    /// The result when it is cancelled before it had a full one.
    int resultWhenCancelled() {
        return -Errno.ECANCELED;
    }

    /// Claims the memory that it will touch while in flight.
    void claimMemory(Shadow shadow) {}

    final boolean isOver() {
        return ended;
    }

    /// The file may have become ready.
    final void wake() {
        if (!waking && !ended && (file.poll() & (interest() | io.trale.linux.Net.POLLERR | io.trale.linux.Net.POLLHUP)) != 0) {
            waking = true;
            kernel.soon(() -> ring.addWork(this));
        }
    }

    /// Attempts, and completes or waits.
    final void run() {
        if (ended) {
            return;
        }
        waking = false;
        busy = false;
        int result = PENDING;
        if (!cancelled || kernel.chance(kernel.faults().lostCancel())) {
            result = attempt();
        }
        if (result == PENDING && cancelled) {
            end(resultWhenCancelled(), 0);
        } else if (result != PENDING) {
            end(result, completionFlags());
        } else if (!waiting) {
            waiting = true;
            file.await(this);
        }
    }

    final void end(int result, int flags) {
        ended = true;
        if (waiting) {
            file.forget(this);
        }
        ring.ended(this, result, flags);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName().toLowerCase() + "(fd=" + entry.fd() + ", user_data=0x"
                + Long.toHexString(entry.userData()) + ", " + (file == ring ? "ring" : file) + ")";
    }
}
