package io.trale.reactor;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// Wakes a sleeping loop from another thread: an `eventfd(2)` on which the ring keeps one operation in flight.
///
/// The operation is a multishot poll, which posts a completion for each write, although the counter is never read: no second
/// system call, no buffer, no re-arming. [Reactor] tests this on opening, since kernels differ here. If the test fails, the
/// operation is a read of eight bytes, re-armed after each completion. If that read fails with `EAGAIN` in place of waiting
/// (some kernels before 6.10), a poll for one event goes before it.
final class Notifier extends Operation {

    private final Reactor reactor;
    /// The memory of a read in flight.
    private MemorySegment counter;
    private boolean multishot = true;
    private boolean polling;
    private int completions;

    /// How many calls of [#wake] have returned; see [#awaitWakes].
    private final AtomicInteger woken = new AtomicInteger();

    Notifier(Descriptor eventfd) {
        super(eventfd, true);
        reactor = eventfd.reactor();
    }

    /// Makes the current or the next enter of the loop return. **Any thread.**
    void wake() {
        try {
            reactor.kernel().write8(descriptor().fd(), 1);
        } finally {
            woken.incrementAndGet(); // also after a failure: the closing loop waits for this
        }
    }

    /// Waits until `expected` calls of [#wake] have returned since the opening. No thread writes to the descriptor then, and it can
    /// be closed. Each call has begun already, and has at most one system call left, which does not block.
    void awaitWakes(int expected) {
        while (woken.get() - expected < 0) {
            reactor.kernel().spinWait();
        }
    }

    void readInstead() {
        multishot = false;
    }

    boolean multishot() {
        return multishot;
    }

    /// How many completions were handled.
    int completions() {
        return completions;
    }

    @Override
    protected void fill(Sqe sqe) {
        if (multishot) {
            sqe.prepPollMultishot(descriptor().fd(), Net.POLLIN);
        } else if (polling) {
            sqe.prepPoll(descriptor().fd(), Net.POLLIN);
        } else {
            counter = reactor.pools().scratch().take();
            sqe.prepRead(descriptor().fd(), counter.address(), Long.BYTES, 0);
        }
    }

    @Override
    protected void complete(int result, int flags) {
        completions++;
        if (counter != null) {
            reactor.pools().scratch().give(counter);
            counter = null;
        }
        polling = result == -Errno.EAGAIN;
        boolean ended = (flags & Abi.IORING_CQE_F_MORE) == 0;
        if (ended && !cancelling && result != -Errno.ECANCELED && descriptor().isOpen()) {
            reactor.stage(this); // while closing, do not re-arm: no second cancel follows
        }
    }
}
