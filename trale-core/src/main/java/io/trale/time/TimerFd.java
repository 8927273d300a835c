package io.trale.time;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.linux.Time;
import io.trale.leaf.CounterIo;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// A periodic timer with its own descriptor: `timerfd_create(2)`. For a single sleep, [Timer#sleep] is cheaper.
///
/// The kernel counts expirations, so a late waiter gets the number of periods that have passed. Belongs to the executor of
/// the thread that created it.
public final class TimerFd implements AutoCloseable {

    private final Descriptor descriptor;
    private final Expirations expirations;
    /// Expirations that a cancelled wait has read; the next wait gets them.
    private long kept;

    private TimerFd(Descriptor descriptor) {
        this.descriptor = descriptor;
        expirations = new Expirations();
    }

    /// Starts a timer that expires after `first`, then every `period`; a zero `period` means once only. It uses
    /// `CLOCK_MONOTONIC`. The periods do not drift: a late expiration does not delay the following ones.
    public static TimerFd start(Duration first, Duration period) throws ErrnoException {
        if (first.isNegative() || period.isNegative()) {
            throw new IllegalArgumentException("first is " + first + " and period is " + period + ", must not be negative");
        }
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        int fd = Failure.check("timerfd_create",
                reactor.kernel().timerfdCreate(Time.CLOCK_MONOTONIC, Time.TFD_CLOEXEC | Time.TFD_NONBLOCK));
        Descriptor timer = new Descriptor(reactor, fd);
        try (Arena call = Arena.ofConfined()) {
            MemorySegment times = call.allocate(32, 8); // struct itimerspec: interval, value, each seconds and nanoseconds
            times.set(JAVA_LONG, 0, period.getSeconds());
            times.set(JAVA_LONG, 8, period.getNano());
            times.set(JAVA_LONG, 16, first.getSeconds());
            times.set(JAVA_LONG, 24, first.isZero() ? 1 : first.getNano()); // zero would disarm the timer
            int result = reactor.kernel().timerfdSettime(fd, 0, times);
            if (result < 0) {
                throw Failure.of("timerfd_settime", -result);
            }
            return new TimerFd(timer);
        } catch (Throwable t) {
            timer.close();
            throw t;
        }
    }

    /// Waits for an expiration. The future completes with the number of expirations since the previous wait, at least 1. If
    /// a cancelled wait has read expirations, the next wait gets them.
    ///
    /// Every call returns the same future. Only one wait may be in progress: a second one throws [IllegalStateException].
    public IntFuture expirations() {
        descriptor.checkThread();
        expirations.begin();
        return expirations;
    }

    /// Stops and closes the timer. A waiting future fails with `ECANCELED`. Idempotent.
    @Override
    public void close() {
        descriptor.close();
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }

    private final class Expirations extends CounterIo implements IntFuture {

        private boolean begun;
        private int result;

        Expirations() {
            super(TimerFd.this.descriptor);
        }

        void begin() {
            if (begun) {
                throw new IllegalStateException("a wait of this timer is not finished");
            }
            begun = true;
        }

        @Override
        public boolean poll(Waker waker) {
            descriptor.checkThread();
            if (kept > 0 && !inFlight()) {
                result = toInt(kept);
                kept = 0;
                begun = false;
                return true;
            }
            if (submitOrGetResult(waker)) {
                result = takeCount();
                begun = false;
                return true;
            }
            return false;
        }

        @Override
        public int resultAsInt() throws ErrnoException {
            descriptor.checkThread();
            return checked("timerfd", descriptor, result);
        }

        @Override
        public void cancel() {
            abandon();
            begun = false;
        }

        @Override
        protected void dispose(int result) {
            kept += value();
        }
    }
}
