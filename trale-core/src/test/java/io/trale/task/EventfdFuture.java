package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.ReactorIo;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.uring.Sqe;

/// A leaf future for tests: completes after [#raise], with the result of a poll on an eventfd. Closes the eventfd at its end.
final class EventfdFuture extends ReactorIo implements Future<Integer> {

    private final Descriptor eventfd;

    private EventfdFuture(Descriptor eventfd) {
        super(eventfd);
        this.eventfd = eventfd;
    }

    /// For the executor of `reactor`. Any thread.
    static EventfdFuture of(Reactor reactor) {
        return new EventfdFuture(new Descriptor(reactor, reactor.kernel().eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK)));
    }

    /// Completes the future. Any thread, while the future is pending.
    void raise() {
        eventfd.reactor().kernel().write8(eventfd.fd(), 1);
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepPoll(eventfd.fd(), Net.POLLIN);
    }

    @Override
    public boolean poll(Waker waker) {
        if (!submitOrGetResult(waker)) {
            return false;
        }
        eventfd.close();
        return true;
    }

    @Override
    public Integer result() {
        return ioResult();
    }

    @Override
    public void cancel() {
        abandon();
        eventfd.close();
    }
}
