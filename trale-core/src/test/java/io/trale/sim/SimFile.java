package io.trale.sim;

import io.trale.linux.Errno;
import java.util.ArrayList;
import java.util.List;

/// The object behind a descriptor. It lives as long as a descriptor or an operation in flight refers to it.
abstract class SimFile {

    /// `POLLRDHUP`, which io_uring reports even if not requested.
    static final int POLLRDHUP = 0x2000;

    final SimKernel kernel;
    private int references;
    private final List<SimOperation> waiters = new ArrayList<>();
    private final List<SimEpoll> watchers = new ArrayList<>();

    SimFile(SimKernel kernel) {
        this.kernel = kernel;
    }

    /// The current readiness: `POLL*` of `poll(2)`.
    abstract int poll();

    /// True if an operation waits for readiness, false if it fails with `EAGAIN`.
    boolean isPatient() {
        return true;
    }

    /// `pread(2)`, or `read(2)` if `offset` is -1. Returns the count, or `-errno`; `-EAGAIN` if it would block.
    int read(long address, int length, long offset) {
        return -Errno.EINVAL;
    }

    /// `pwrite(2)`, or `write(2)` if `offset` is -1, as [#read].
    int write(long address, int length, long offset) {
        return -Errno.EINVAL;
    }

    /// True if `close(2)` blocks.
    boolean lingers() {
        return false;
    }

    /// `fsync(2)`
    int sync() {
        return -Errno.EINVAL;
    }

    /// `lseek(2)`
    long seek(long offset, int whence) {
        return -Errno.ESPIPE;
    }

    /// The size in bytes, as `statx(2)` reports it.
    long size() {
        return 0;
    }

    /// Called when the last reference is gone.
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

    /// The readiness may have changed: wakes all waiting operations.
    void changed() {
        List.copyOf(waiters).forEach(SimOperation::wake);
        List.copyOf(watchers).forEach(SimFile::changed);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName().substring(3).toLowerCase();
    }
}
