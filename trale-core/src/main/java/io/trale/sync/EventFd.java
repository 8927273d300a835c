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

/// An event that tasks wait for and any thread may signal: `eventfd(2)`.
///
/// Signals are not lost when nobody waits: the kernel counts them. A *counter* gives all of them to the next who takes; a
/// *semaphore* gives one at a time. Belongs, but for [#signal], to the executor of the thread that made it.
public final class EventFd implements AutoCloseable {

    private static final int CLOSED = Integer.MIN_VALUE;

    private final Descriptor descriptor;
    private final ArrayDeque<TakeIo> idle = new ArrayDeque<>();

    /// How many threads are writing to the descriptor at this moment, with CLOSED when no more may begin to.
    private final AtomicInteger writers = new AtomicInteger();

    private EventFd(int flags) throws ErrnoException {
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        int fd = reactor.kernel().eventfd(0, flags | Net.EFD_CLOEXEC | Net.EFD_NONBLOCK);
        if (fd < 0) {
            throw Failure.of("eventfd", -fd);
        }
        descriptor = new Descriptor(reactor, fd);
    }

    /// An event of which each take has all signals since the last.
    public static EventFd counter() throws ErrnoException {
        return new EventFd(0);
    }

    /// An event of which each take has one signal.
    public static EventFd semaphore() throws ErrnoException {
        return new EventFd(Net.EFD_SEMAPHORE);
    }

    /// Signals once. **Any thread.** Throws [IllegalStateException] once the event is closed.
    public void signal() {
        signal(1);
    }

    /// Signals `count` times, at least once, as one. **Any thread.** Throws [IllegalStateException] once the event is
    /// closed, or if more than 2^64 - 2 signals would be pending.
    public void signal(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("count is " + count + ", must be at least 1");
        }
        int before = writers.getAndUpdate(writing -> writing < 0 ? writing : writing + 1);
        if (before < 0) { // not counted: close() waits for writers only, however many are refused meanwhile
            throw new IllegalStateException("the event is closed");
        }
        try { // while this thread is counted, the descriptor's number is not given back to the kernel
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

    /// Waits for a signal. The future completes with how many were taken (at most `Integer.MAX_VALUE` is told); of a
    /// semaphore, 1. Several may wait: each signal of a semaphore is for one of them. A cancelled one takes nothing.
    public IntFuture take() {
        descriptor.checkThread();
        return new Take();
    }

    /// Closes the event; who waits fails with `ECANCELED`. Idempotent.
    @Override
    public void close() {
        descriptor.checkThread();
        int before = writers.getAndUpdate(count -> count | CLOSED);
        if (before >= 0) {
            while (writers.get() != CLOSED) {
                descriptor.reactor().kernel().spinWait(); // each writer has one system call to go, which does not wait
            }
            descriptor.close();
        }
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }

    /// A wait, with an operation of its own until its result is taken or it is given up.
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
                result = io.take();
                idle.add(io);
                io = null;
            }
            if (result < 0) {
                throw Failure.of("read(eventfd=" + descriptor.fd() + ")", -result);
            }
            return result;
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

        boolean poll(Waker waker) {
            return submitOrGetResult(waker);
        }

        int take() {
            int result = ioResult() < 0 ? ioResult() : told(value());
            reset();
            return result;
        }

        /// As many of `count`, which is unsigned, as an `int` can tell.
        private static int told(long count) {
            return Long.compareUnsigned(count, Integer.MAX_VALUE) > 0 ? Integer.MAX_VALUE : (int) count;
        }

        void cancel() {
            abandon();
        }

        @Override
        protected void dispose(int result) {
            if (value() != 0 && descriptor.isOpen()) {
                descriptor.reactor().kernel().write8(descriptor.fd(), value()); // for the next
            }
        }
    }
}
