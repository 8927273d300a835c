package io.trale.leaf;

import io.trale.linux.Errno;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Deadline;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import java.net.SocketAddress;

/// The reaction of a listener to a failed `accept(2)`: it retries at once if one connection has failed, and after a pause if a
/// retry would be a busy loop.
///
/// If the process has no descriptor left, or the kernel no memory, something must be released first, and there is no event
/// for that. The connections stay in the backlog meanwhile. Each pause is counted. A listener that has not paused for
/// [#QUIET_NANOS] has recovered, and its next pause is logged; so a server that stays at its limit logs once. Loop thread
/// only.
public final class AcceptBackoff extends Deadline {

    private static final System.Logger LOG = System.getLogger("io.trale.net");

    private static final long NANOS = 100_000_000;

    /// How long a listener has not paused when it has recovered, in nanoseconds.
    static final long QUIET_NANOS = 60_000_000_000L;

    /// What to do next.
    public enum Verdict {
        /// Accept again: one connection has failed before it was accepted.
        AT_ONCE,
        /// Accept again after the pause.
        LATER,
        /// Stop: the socket does not listen any more.
        NEVER
    }

    private final Descriptor listener;
    private final SocketAddress localAddress;
    private final Runnable over;
    private final System.Logger log;
    private boolean hasPaused;
    private long lastPause;

    /// Of `listener`, bound to `localAddress`; `over` is run each time that a pause is over.
    public AcceptBackoff(Descriptor listener, SocketAddress localAddress, Runnable over) {
        this(listener, localAddress, over, LOG);
    }

    AcceptBackoff(Descriptor listener, SocketAddress localAddress, Runnable over, System.Logger log) {
        this.listener = listener;
        this.localAddress = localAddress;
        this.over = over;
        this.log = log;
    }

    /// What to do after `errno`, positive. For network errors see `accept(2)`, "Error handling".
    public static Verdict of(int errno) {
        return switch (errno) {
            case Errno.EINTR, Errno.ECONNABORTED, Errno.EPERM, Errno.EPROTO, Errno.ENETDOWN, Errno.ENOPROTOOPT,
                    Errno.EHOSTDOWN, Errno.ENONET, Errno.EHOSTUNREACH, Errno.EOPNOTSUPP, Errno.ENETUNREACH -> Verdict.AT_ONCE;
            case Errno.EBADF, Errno.EINVAL, Errno.ENOTSOCK, Errno.ECANCELED -> Verdict.NEVER;
            default -> Verdict.LATER; // EMFILE, ENFILE, ENOBUFS, ENOMEM, and unknown errors
        };
    }

    /// Begins a pause because of `errno`, positive, unless one is under way.
    public void begin(int errno) {
        if (isSet()) {
            return;
        }
        Reactor reactor = listener.reactor();
        long now = reactor.kernel().nanoTime();
        reactor.deadlines().set(this, now + NANOS);
        reactor.counters().add(Count.ACCEPT_PAUSES, 1);
        boolean recovered = !hasPaused || now - lastPause >= QUIET_NANOS;
        hasPaused = true;
        lastPause = now;
        if (recovered) {
            log.log(System.Logger.Level.WARNING, Failure.of("accept", listener.fd(), localAddress, errno).getMessage()
                    + "; connections wait in the backlog, and accept is retried every 100 ms" + remedy(errno));
        }
    }

    private static String remedy(int errno) {
        return errno == Errno.EMFILE ? "; raise the limit of open files (ulimit -n), or serve fewer connections" : "";
    }

    /// Ends a pause, if there is one.
    public void end() {
        listener.reactor().deadlines().callOff(this);
    }

    @Override
    protected void reached() {
        over.run();
    }
}
