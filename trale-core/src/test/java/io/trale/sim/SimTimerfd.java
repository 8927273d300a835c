package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A timer on the virtual clock, as `timerfd_create(2)`.
final class SimTimerfd extends SimFile {

    private static final int TFD_TIMER_ABSTIME = 1;

    private SimTime.Event expiry;
    private long intervalNanos;
    private long expirations;

    SimTimerfd(SimKernel kernel) {
        super(kernel);
    }

    /// `timerfd_settime(2)`; `spec` is a `struct itimerspec`: interval, then first expiration, seconds and nanoseconds.
    int set(int flags, MemorySegment spec) {
        long interval = nanos(spec, 0);
        long first = nanos(spec, 16);
        if (interval < 0 || first < 0) {
            return -Errno.EINVAL;
        }
        if (expiry != null) {
            expiry.cancel();
            expiry = null;
        }
        expirations = 0;
        intervalNanos = interval;
        if (first != 0) {
            long when = (flags & TFD_TIMER_ABSTIME) != 0 ? first : kernel.nanoTime() + first;
            arm(when);
        }
        return 0;
    }

    private static long nanos(MemorySegment spec, long offset) {
        long seconds = spec.get(ValueLayout.JAVA_LONG, offset);
        long nanos = spec.get(ValueLayout.JAVA_LONG, offset + 8);
        return seconds < 0 || nanos < 0 || nanos > 999_999_999 ? -1 : seconds * 1_000_000_000 + nanos;
    }

    private void arm(long when) {
        expiry = kernel.time.at(when, () -> {
            expirations++;
            expiry = null;
            if (intervalNanos > 0) {
                arm(when + intervalNanos);
            }
            changed();
        });
    }

    @Override
    int poll() {
        return expirations > 0 ? Net.POLLIN : 0;
    }

    @Override
    byte[] read(int max) {
        if (max < Long.BYTES || expirations == 0) {
            return null;
        }
        long value = expirations;
        expirations = 0;
        return SimEventfd.eightBytes(value);
    }

    @Override
    int errno() {
        return Errno.EAGAIN;
    }

    @Override
    void released() {
        if (expiry != null) {
            expiry.cancel();
        }
    }
}
