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
    /// Of a read in flight.
    private MemorySegment counter;
    private boolean multishot = true;
    private boolean polling;
    private int rings;

    /// How many calls of [#ring] have ended; see [#awaitRings].
    private final AtomicInteger rung = new AtomicInteger();

    Notifier(Descriptor eventfd) {
        super(eventfd, true);
        reactor = eventfd.reactor();
    }

    /// Makes the loop's enter return, now or when it is next called. **Any thread.**
    void ring() {
        try {
            reactor.kernel().write8(descriptor().fd(), 1);
        } finally {
            rung.incrementAndGet(); // whatever came of it: the closing loop waits for this
        }
    }

    /// Waits until `expected` calls of [#ring] have ended since the start, so that the descriptor can be closed with
    /// nobody about to write to its number. Each of them was begun already and has one system call to go.
    void awaitRings(int expected) {
        while (rung.get() - expected < 0) {
            reactor.kernel().spinWait();
        }
    }

    void readInstead() {
        multishot = false;
    }

    boolean multishot() {
        return multishot;
    }

    /// How many completions came in.
    int completions() {
        return rings;
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
        rings++;
        if (counter != null) {
            reactor.pools().scratch().give(counter);
            counter = null;
        }
        polling = result == -Errno.EAGAIN;
        boolean ended = (flags & Abi.IORING_CQE_F_MORE) == 0;
        if (ended && !cancelling && result != -Errno.ECANCELED && descriptor().isOpen()) {
            reactor.stage(this); // but not when a write came before the cancel: nobody would end it again
        }
    }
}
