package io.trale.sim;

import io.trale.linux.Errno;
import java.util.ArrayList;
import java.util.List;

/// Something that a descriptor stands for. Lives as long as a descriptor or an operation in flight refers to it.
abstract class SimFile {

    /// `POLLRDHUP`, which io_uring reports unasked.
    static final int POLLRDHUP = 0x2000;

    final SimKernel kernel;
    private int references;
    private final List<SimOperation> waiters = new ArrayList<>();
    private final List<SimEpoll> watchers = new ArrayList<>();

    SimFile(SimKernel kernel) {
        this.kernel = kernel;
    }

    /// What it is ready for now: `POLL*` of `poll(2)`.
    abstract int poll();

    /// `read(2)`: the bytes, at most `max`, or null with [#errno] to say why not.
    byte[] read(int max) {
        return null;
    }

    /// Why [#read] gave nothing.
    int errno() {
        return Errno.EINVAL;
    }

    /// Nobody refers to it any more.
    void released() {}

    final void hold() {
        references++;
    }

    final void drop() {
        if (--references == 0) {
            for (SimEpoll epoll : List.copyOf(watchers)) {
                epoll.forget(this);
            }
            released();
        }
    }

    final void await(SimOperation operation) {
        waiters.add(operation);
    }

    final void forget(SimOperation operation) {
        waiters.remove(operation);
    }

    final void watch(SimEpoll epoll) {
        watchers.add(epoll);
    }

    final void unwatch(SimEpoll epoll) {
        watchers.remove(epoll);
    }

    /// Its readiness may have changed: lets everyone look who waits.
    void changed() {
        List.copyOf(waiters).forEach(SimOperation::wake);
        List.copyOf(watchers).forEach(SimFile::changed);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName().substring(3).toLowerCase();
    }
}
