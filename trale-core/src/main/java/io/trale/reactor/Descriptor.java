package io.trale.reactor;

/// A file descriptor that we own, and what is in flight on it.
///
/// `close(2)` stops no operation, and the number may belong to another file a moment later. So [#close] cancels what
/// is in flight and closes when the last operation has ended; until then the number stays ours. Loop thread only, but for
/// [#isOpen].
public final class Descriptor {

    private final Reactor reactor;
    private final int fd;
    private Operation operations;
    private volatile boolean closing;
    private boolean closed;
    private Runnable whenClosed = () -> {};

    /// Owns `fd` from now on.
    public Descriptor(Reactor reactor, int fd) {
        this.reactor = reactor;
        this.fd = fd;
    }

    /// The number, valid while this is not closed.
    public int fd() {
        return fd;
    }

    /// The reactor through which all I/O of this descriptor goes.
    public Reactor reactor() {
        return reactor;
    }

    /// False from the call of [#close] on: then nothing more may be staged. Any thread.
    public boolean isOpen() {
        return !closing;
    }

    /// True once the number is no longer ours.
    public boolean isClosed() {
        return closed;
    }

    /// Runs `action` once the descriptor is closed; at once if it is already.
    public void whenClosed(Runnable action) {
        if (closed) {
            action.run();
            return;
        }
        Runnable before = whenClosed;
        whenClosed = () -> {
            try {
                before.run();
            } finally {
                action.run();
            }
        };
    }

    /// Throws [WrongThreadException] unless this is the loop thread, or nothing can be in flight since the ring is closed.
    public void checkThread() {
        if (reactor.isOpen()) {
            reactor.checkThread();
        }
    }

    /// Cancels every operation in flight here, and closes the descriptor after the last one's end: at once if there is
    /// none. Idempotent. Throws as [#checkThread].
    public void close() {
        if (closing) {
            return;
        }
        checkThread();
        closing = true;
        for (Operation o = operations; o != null; o = o.nextOfDescriptor) {
            reactor.cancel(o);
        }
        closeWhenIdle();
    }

    private void closeWhenIdle() {
        if (closing && !closed && operations == null) {
            closed = true;
            if (fd >= 0) {
                reactor.kernel().close(fd);
            }
            try {
                whenClosed.run();
            } catch (Throwable t) { // user code, perhaps: not for whoever closes, nor for the loop
                reactor.fault(t);
            }
        }
    }

    void add(Operation operation) {
        operation.nextOfDescriptor = operations;
        if (operations != null) {
            operations.previousOfDescriptor = operation;
        }
        operations = operation;
    }

    /// Takes the same time however many operations there are.
    void remove(Operation operation) {
        Operation previous = operation.previousOfDescriptor;
        Operation next = operation.nextOfDescriptor;
        if (previous != null) {
            previous.nextOfDescriptor = next;
        } else {
            operations = next;
        }
        if (next != null) {
            next.previousOfDescriptor = previous;
        }
        operation.previousOfDescriptor = null;
        operation.nextOfDescriptor = null;
    }

    /// After an operation's end, once its completion has been handled.
    void settle() {
        if (closing) {
            closeWhenIdle();
        }
    }
}
