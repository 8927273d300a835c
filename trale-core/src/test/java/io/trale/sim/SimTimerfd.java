package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.Time;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A timer on the virtual clock, as `timerfd_create(2)`.
final class SimTimerfd extends SimFile {

    private final boolean patient;
    private SimTime.Event expiry;
    private long intervalNanos;
    private long expirations;

    SimTimerfd(SimKernel kernel, int flags) {
        super(kernel);
        patient = (flags & Time.TFD_NONBLOCK) == 0 || kernel.has(Capability.PATIENT_COUNTERS);
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
            long when = (flags & Time.TFD_TIMER_ABSTIME) != 0 ? first : kernel.nanoTime() + first;
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
    boolean isPatient() {
        return patient;
    }

    @Override
    int poll() {
        return expirations > 0 ? Net.POLLIN : 0;
    }

    @Override
    int read(long address, int length, long offset) {
        if (length < Long.BYTES) {
            return -Errno.EINVAL;
        }
        if (expirations == 0) {
            return -Errno.EAGAIN;
        }
        SimMemory.setLong(address, expirations);
        expirations = 0;
        return Long.BYTES;
    }

    @Override
    void released() {
        if (expiry != null) {
            expiry.cancel();
        }
    }
}
