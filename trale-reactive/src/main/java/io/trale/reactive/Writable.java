package io.trale.reactive;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.reactor.Reactor;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Waits until a socket has room to send.
///
/// That is a poll for `POLLOUT`, unless the peer has ended its side: then io_uring's poll is ready at once and for ever,
/// because it reports `POLLRDHUP` whether it was asked for or not (`IO_POLL_UNMASK` in `io_uring/poll.c`), and waiting
/// with it would be a busy loop. `epoll(7)` reports only what it was asked for; so in that case the ring polls an epoll
/// descriptor that watches the socket for `EPOLLOUT`.
///
/// Loop thread only.
final class Writable {

    private final Descriptor socket;
    private final Runnable ready;
    private final Poll direct;
    private @Nullable Poll indirect;

    /// `ready` is run after each wait, also one that was cancelled.
    Writable(Descriptor socket, Runnable ready) {
        this.socket = socket;
        this.ready = ready;
        direct = new Poll(socket, Net.POLLOUT);
    }

    /// Waits, if it does not already.
    void await() {
        if (!isWaiting() && socket.isOpen()) {
            socket.reactor().stage(poll());
        }
    }

    boolean isWaiting() {
        return poll().inFlight();
    }

    /// Stops waiting; [#isWaiting] until the kernel has let go.
    void cancel() {
        socket.reactor().cancel(poll());
    }

    private Poll poll() {
        Poll poll = indirect;
        return poll != null ? poll : direct;
    }

    private void polled(Poll poll, int result) {
        boolean onlyHalfClosed = result > 0 && (result & (Net.POLLOUT | Net.POLLERR | Net.POLLHUP)) == 0;
        if (poll == direct && onlyHalfClosed && socket.isOpen() && watchIndirectly()) {
            await();
        } else {
            ready.run();
        }
    }

    private boolean watchIndirectly() {
        Reactor reactor = socket.reactor();
        int fd = reactor.kernel().epollCreate(Net.EPOLL_CLOEXEC);
        if (fd < 0) {
            return false; // no descriptor left: then the busy loop it is, until there is one
        }
        try (Arena call = Arena.ofConfined()) {
            MemorySegment event = call.allocate(16, 8); // struct epoll_event: the events, and data that we do not use
            event.set(JAVA_INT, 0, Net.POLLOUT);
            reactor.kernel().epollCtl(fd, Net.EPOLL_CTL_ADD, socket.fd(), event);
        }
        Descriptor epoll = new Descriptor(reactor, fd);
        indirect = new Poll(epoll, Net.POLLIN);
        socket.whenClosed(epoll::close);
        return true;
    }

    private final class Poll extends Operation {

        private final Descriptor watched;
        private final int events;

        Poll(Descriptor watched, int events) {
            super(watched);
            this.watched = watched;
            this.events = events;
        }

        @Override
        protected void fill(Sqe sqe) {
            sqe.prepPoll(watched.fd(), events);
        }

        @Override
        protected void complete(int result, int flags) {
            polled(this, result);
        }
    }
}
