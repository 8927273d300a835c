package io.trale.leaf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The wait until a socket is writable, after a send has failed with `EAGAIN`.
///
/// The wait is a poll for `POLLOUT`, unless the peer has shut down its side. In that case the poll of io_uring completes at
/// once, always, because it reports `POLLRDHUP` even if not requested (`IO_POLL_UNMASK` in `io_uring/poll.c`): a busy loop.
/// `epoll(7)` reports requested events only. So the ring then polls an epoll descriptor that watches the socket for `EPOLLOUT`.
///
/// Loop thread only.
public final class WritableWait {

    private static final int NONE = -1;

    private final Descriptor socket;
    /// Closed after the socket, so it outlives every poll on it.
    private int epoll = NONE;

    /// For operations on `socket`.
    public WritableWait(Descriptor socket) {
        this.socket = socket;
    }

    /// Prepares the poll.
    public void prepare(Sqe sqe) {
        if (epoll == NONE) {
            sqe.prepPoll(socket.fd(), Net.POLLOUT);
        } else {
            sqe.prepPoll(epoll, Net.POLLIN);
        }
    }

    /// Takes the `result` of the poll. Returns true if the socket may not be writable; [#prepare] then prepares a poll that waits.
    public boolean isFalseAlarm(int result) {
        boolean onlyHalfClosed = result > 0 && (result & (Net.POLLOUT | Net.POLLERR | Net.POLLHUP)) == 0;
        return epoll == NONE && onlyHalfClosed && socket.isOpen() && watchIndirectly();
    }

    /// Returns false if there is no descriptor or no memory left; the busy loop then lasts until there is.
    private boolean watchIndirectly() {
        int fd = socket.reactor().kernel().epollCreate(Net.EPOLL_CLOEXEC);
        if (fd < 0) {
            return false;
        }
        try (Arena call = Arena.ofConfined()) {
            MemorySegment event = call.allocate(16, 8); // struct epoll_event: the events, and data that we do not use
            event.set(JAVA_INT, 0, Net.POLLOUT);
            if (socket.reactor().kernel().epollCtl(fd, Net.EPOLL_CTL_ADD, socket.fd(), event) == 0) {
                socket.whenClosed(() -> socket.reactor().kernel().close(fd));
                epoll = fd;
            }
        } catch (OutOfMemoryError e) {
            // as without a descriptor
        }
        if (epoll == NONE) {
            socket.reactor().kernel().close(fd); // it would never be ready
        }
        return epoll != NONE;
    }
}
