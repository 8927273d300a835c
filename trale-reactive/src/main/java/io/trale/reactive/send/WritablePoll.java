package io.trale.reactive.send;

import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.leaf.WritableWait;
import io.trale.uring.Sqe;

/// Waits until a socket has room to send, as an operation of its own: so whoever waits holds no memory. Loop thread only.
final class WritablePoll extends Operation {

    private final WritableWait writable;
    private final Runnable ready;

    /// `ready` is run after each wait, also one that was cancelled.
    public WritablePoll(Descriptor socket, Runnable ready) {
        super(socket);
        this.ready = ready;
        writable = new WritableWait(socket);
    }

    /// Waits, if it does not already.
    public void await() {
        if (!inFlight() && descriptor().isOpen()) {
            descriptor().reactor().stage(this);
        }
    }

    /// True until the kernel has let go.
    public boolean isAwaited() {
        return inFlight();
    }

    /// Stops waiting.
    public void cancel() {
        descriptor().reactor().cancel(this);
    }

    @Override
    protected void fill(Sqe sqe) {
        writable.prepare(sqe);
    }

    @Override
    protected void complete(int result, int flags) {
        boolean again = false;
        try {
            again = writable.isFalseAlarm(result);
        } finally { // even if that throws, the send goes on
            if (again) {
                await();
            } else {
                ready.run();
            }
        }
    }
}
