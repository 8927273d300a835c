package io.trale.leaf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;

/// Waits until the counter of an `eventfd(2)` or `timerfd_create(2)` descriptor is not zero, and reads it.
///
/// The descriptor is non-blocking, since a blocking one occupies a kernel thread for each read on kernels before 6.10. Some of
/// those kernels fail with `EAGAIN` then instead of waiting; a poll then waits, and the read is repeated.
public abstract class CounterIo extends ReactorIo {

    private boolean polling;
    private long value;

    /// Reads from `descriptor`.
    protected CounterIo(Descriptor descriptor) {
        super(descriptor);
    }

    /// The counter, unsigned; 0 if none was read. It may be 0 although the operation succeeded, if that was the poll.
    protected final long value() {
        return value;
    }

    /// Ends the use. Returns the counter, at most `Integer.MAX_VALUE`, or `-errno`.
    public final int takeCount() {
        int count = ioResult() < 0 ? ioResult() : toInt(value);
        reset();
        return count;
    }

    /// The unsigned `count`, limited to `Integer.MAX_VALUE`.
    public static int toInt(long count) {
        return Long.compareUnsigned(count, Integer.MAX_VALUE) > 0 ? Integer.MAX_VALUE : (int) count;
    }

    /// Returns `count`, or throws if it is the `-errno` of a read of `descriptor`, which is a `name`.
    public static int checked(String name, Descriptor descriptor, int count) throws ErrnoException {
        if (count < 0) {
            throw Failure.of("read", name + "=" + descriptor.fd(), -count);
        }
        return count;
    }

    @Override
    protected void staging() {
        polling = false;
        value = 0;
    }

    @Override
    protected final void fill(Sqe sqe) {
        if (polling) {
            sqe.prepPoll(descriptor().fd(), Net.POLLIN);
        } else {
            sqe.prepRead(descriptor().fd(), take(pools().scratch()).address(), Long.BYTES, 0);
        }
    }

    @Override
    protected final void released(int result) {
        value = memory() != null && result > 0 ? memory().get(JAVA_LONG, 0) : 0;
    }

    @Override
    protected final boolean again(int result) {
        boolean next = polling ? result >= 0 : result == -Errno.EAGAIN;
        polling = !polling && next;
        return next || super.again(result);
    }
}
