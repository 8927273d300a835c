package io.trale.leaf;

import io.trale.linux.Errno;
import io.trale.reactor.Deadline;
import io.trale.reactor.Reactor;

/// What becomes of a listener whose `accept(2)` has failed: it goes on, whatever happened to one connection, and waits
/// a little where going on at once would be a busy loop.
///
/// When the process has no descriptor left, or the kernel no memory, somebody has to give something back first, and nobody
/// tells us when. The connections stay in the backlog meanwhile. Loop thread only.
public final class AcceptBackoff extends Deadline {

    private static final long NANOS = 100_000_000;

    /// What to do next.
    public enum Verdict {
        /// Accept again: one connection had failed before it was accepted, and is gone.
        AT_ONCE,
        /// Accept again when the time is over.
        LATER,
        /// Give up: the socket does not listen any more.
        NEVER
    }

    private final Reactor reactor;
    private final Runnable over;

    /// `over` is run each time that the wait is over.
    public AcceptBackoff(Reactor reactor, Runnable over) {
        this.reactor = reactor;
        this.over = over;
    }

    /// What `errno`, positive, is worth. For the network's errors see `accept(2)`, "Error handling".
    public static Verdict of(int errno) {
        return switch (errno) {
            case Errno.EINTR, Errno.ECONNABORTED, Errno.EPERM, Errno.EPROTO, Errno.ENETDOWN, Errno.ENOPROTOOPT,
                    Errno.EHOSTDOWN, Errno.ENONET, Errno.EHOSTUNREACH, Errno.EOPNOTSUPP, Errno.ENETUNREACH -> Verdict.AT_ONCE;
            case Errno.EBADF, Errno.EINVAL, Errno.ENOTSOCK, Errno.ECANCELED -> Verdict.NEVER;
            default -> Verdict.LATER; // EMFILE, ENFILE, ENOBUFS, ENOMEM, and what nobody has thought of
        };
    }

    /// Begins to wait, unless it does already.
    public void begin() {
        if (!isSet()) {
            reactor.deadlines().set(this, reactor.kernel().nanoTime() + NANOS);
        }
    }

    /// Stops waiting.
    public void end() {
        reactor.deadlines().callOff(this);
    }

    @Override
    protected void reached() {
        over.run();
    }
}
