package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Net;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A file descriptor that we own, and the operations in flight on it.
///
/// `close(2)` cancels no operation, and the number may belong to another file right afterwards. So [#close] cancels the
/// operations in flight, and closes the descriptor after the last one has ended; until then the number stays ours. Loop
/// thread only, but for [#isOpen].
public final class Descriptor {

    private final Reactor reactor;
    private final int fd;
    private Operation operations;
    private volatile boolean closing;
    private boolean closed;
    private Runnable whenClosed = () -> {};
    /// A socket whose `SO_LINGER` was set, or that of the listener it comes from.
    private boolean lingers;
    /// The operation that closes a file; null for others. It is made with this, so that a close needs no memory.
    private final Close close;
    private boolean closeStaged;

    /// Owns `fd` from now on: a socket, or another descriptor whose `close(2)` does not block.
    public Descriptor(Reactor reactor, int fd) {
        this(reactor, fd, false);
    }

    private Descriptor(Reactor reactor, int fd, boolean file) {
        this.reactor = reactor;
        this.fd = fd;
        close = file ? new Close(this) : null;
    }

    /// Owns the file `fd` from now on.
    public static Descriptor ofFile(Reactor reactor, int fd) {
        return new Descriptor(reactor, fd, true);
    }

    /// Owns `connection`, which this listening socket has accepted, from now on. Closes it if there is no memory for this.
    public Descriptor accepted(int connection) {
        Descriptor accepted;
        try {
            accepted = new Descriptor(reactor, connection);
        } catch (Throwable t) {
            reactor.kernel().close(connection);
            throw t;
        }
        accepted.lingers = lingers; // an accepted socket inherits the option
        return accepted;
    }

    /// To be called when `SO_LINGER` is set on this socket.
    public void lingers() {
        lingers = true;
    }

    /// The number, valid until this is closed.
    public int fd() {
        return fd;
    }

    /// The reactor through which all I/O of this descriptor goes.
    public Reactor reactor() {
        return reactor;
    }

    /// False once [#close] was called: nothing more may be staged then. Any thread.
    public boolean isOpen() {
        return !closing;
    }

    /// True once the number is no longer ours.
    public boolean isClosed() {
        return closed;
    }

    /// Runs `action` once the descriptor is closed: at once if it is.
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

    /// Throws [WrongThreadException] if this is not the loop thread and the ring is open. Every public method of an object that
    /// belongs to a loop begins with this, unless its documentation allows any thread.
    public void checkThread() {
        if (reactor.isOpen()) {
            reactor.checkThread();
        }
    }

    /// Cancels every operation in flight on this descriptor, and closes it after the last one has ended: at once if there is
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
        if (!closing || closed || operations != null) {
            return;
        }
        if (close != null && !closeStaged && reactor.isOpen()) {
            closeStaged = true;
            reactor.stage(close);
            return;
        }
        if (lingers) {
            try {
                stopLingering();
            } catch (Throwable t) { // the close may block then
                reactor.fault(t);
            }
        }
        boolean isDone = close != null && close.isSubmitted(); // even if it failed, or the ring was closed meanwhile
        if (fd >= 0 && !isDone) {
            reactor.kernel().close(fd);
        }
        closed = true;
        try {
            whenClosed.run();
        } catch (Throwable t) { // may be user code: its failure concerns neither the caller nor the loop
            reactor.fault(t);
        }
    }

    /// With a linger time, `close(2)` blocks until the peer has acknowledged all data. Through the ring, a kernel worker would
    /// block, and with it the next operation of that worker. Without a linger time the kernel still sends the data, so
    /// nothing is lost. A linger time of 0 stays, since it resets the connection.
    private void stopLingering() {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment linger = call.allocate(8, 4); // struct linger: on or off, and seconds
            MemorySegment length = call.allocateFrom(JAVA_INT, 8);
            int result = reactor.kernel().getsockopt(fd, Net.SOL_SOCKET, Net.SO_LINGER, linger, length);
            if (result == 0 && linger.get(JAVA_INT, 0) != 0 && linger.get(JAVA_INT, 4) > 0) {
                linger.fill((byte) 0);
                reactor.kernel().setsockopt(fd, Net.SOL_SOCKET, Net.SO_LINGER, linger, 8);
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

    /// Constant time.
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

    /// Called after the last completion of an operation was handled.
    void operationEnded() {
        if (closing) {
            closeWhenIdle();
        }
    }
}
