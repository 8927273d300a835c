package io.trale.sync;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.leaf.CounterIo;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;

/// An event that any thread may signal and that tasks wait for: `eventfd(2)`.
///
/// The kernel counts signals, so a signal without a waiter is not lost. A take of a *counter* gets all pending signals; a
/// take of a *semaphore* gets one.
///
/// Belongs to the executor of the thread that created it, except [#signal], which any thread may call.
public final class EventFd implements AutoCloseable {

    private static final int CLOSED = Integer.MIN_VALUE;

    private final Descriptor descriptor;
    private final ArrayDeque<TakeIo> idle = new ArrayDeque<>();

    /// The number of threads that are writing to the descriptor now. After a close, the sign bit (CLOSED) is set as well.
    private final AtomicInteger writers = new AtomicInteger();

    private EventFd(int flags) throws ErrnoException {
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        descriptor = new Descriptor(reactor, Failure.check("eventfd",
                reactor.kernel().eventfd(0, flags | Net.EFD_CLOEXEC | Net.EFD_NONBLOCK)));
    }

    /// Opens an event whose take gets all signals since the previous take.
    public static EventFd counter() throws ErrnoException {
        return new EventFd(0);
    }

    /// Opens an event whose take gets one signal.
    public static EventFd semaphore() throws ErrnoException {
        return new EventFd(Net.EFD_SEMAPHORE);
    }

    /// Adds one signal. **Any thread.** Throws [IllegalStateException] if the event is closed.
    public void signal() {
        signal(1);
    }

    /// Adds `count` signals, at least 1, in one step. **Any thread.** Throws [IllegalStateException] if the event is closed,
    /// or if more than 2^64 - 2 signals would be pending.
    public void signal(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("count is " + count + ", must be at least 1");
        }
        int before = writers.getAndUpdate(writing -> writing < 0 ? writing : writing + 1);
        if (before < 0) { // not counted as a writer, so refused calls do not delay close()
            throw new IllegalStateException("the event is closed");
        }
        try { // close() waits until this thread is no longer counted, so the descriptor stays open here
            int result = descriptor.reactor().kernel().write8(descriptor.fd(), count);
            if (result == -Errno.EAGAIN) {
                throw new IllegalStateException("more than 2^64 - 2 signals would be pending");
            }
            if (result < 0) {
                throw new IllegalStateException("eventfd: " + Errno.describe(-result));
            }
        } finally {
            writers.decrementAndGet();
        }
    }

    /// Waits for a signal. The future of a counter completes with the number of signals taken; a number above
    /// `Integer.MAX_VALUE` is reported as `Integer.MAX_VALUE`. The future of a semaphore completes with 1.
    ///
    /// Several takes may wait at once; each signal of a semaphore completes one of them. A cancelled take takes no signal.
    public IntFuture take() {
        descriptor.checkThread();
        return new Take();
    }

    /// Closes the event. Waiting takes fail with `ECANCELED`. Idempotent.
    @Override
    public void close() {
        descriptor.checkThread();
        int before = writers.getAndUpdate(count -> count | CLOSED);
        if (before >= 0) {
            while (writers.get() != CLOSED) {
                descriptor.reactor().kernel().spinWait(); // each writer is in one system call, which does not block
            }
            descriptor.close();
        }
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }

    /// A future of one take. It holds an operation from the first poll until its result is taken or it is cancelled.
    private final class Take implements IntFuture {

        private TakeIo io;
        private boolean over;
        private int result;

        @Override
        public boolean poll(Waker waker) {
            descriptor.checkThread();
            if (io == null) {
                io = idle.poll();
                if (io == null) {
                    io = new TakeIo();
                }
            }
            return io.poll(waker);
        }

        @Override
        public int resultAsInt() throws ErrnoException {
            descriptor.checkThread();
            if (!over) {
                over = true;
                result = io.takeCount();
                idle.add(io);
                io = null;
            }
            return CounterIo.checked("eventfd", descriptor, result);
        }

        @Override
        public void cancel() {
            if (io != null) {
                io.cancel();
            }
        }
    }

    private final class TakeIo extends CounterIo {

        TakeIo() {
            super(EventFd.this.descriptor);
        }

        @Override
        protected void dispose(int result) {
            if (value() != 0 && descriptor.isOpen()) {
                descriptor.reactor().kernel().write8(descriptor.fd(), value()); // return the signals to the kernel
            }
        }
    }
}
