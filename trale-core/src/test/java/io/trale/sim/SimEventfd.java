package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;

/// A counter, as `eventfd(2)`.
final class SimEventfd extends SimFile {

    private final boolean semaphore;
    private final boolean patient;
    private long count;

    SimEventfd(SimKernel kernel, int initialValue, int flags) {
        super(kernel);
        count = initialValue;
        semaphore = (flags & Net.EFD_SEMAPHORE) != 0;
        patient = (flags & Net.EFD_NONBLOCK) == 0 || kernel.has(Capability.PATIENT_COUNTERS);
    }

    int add(long value) {
        if (value == -1) {
            return -Errno.EINVAL;
        }
        if (Long.compareUnsigned(count + value, count) < 0 || count + value == -1) {
            return -Errno.EAGAIN;
        }
        count += value;
        changed();
        return Long.BYTES;
    }

    @Override
    boolean isPatient() {
        return patient;
    }

    @Override
    int poll() {
        return (count != 0 ? Net.POLLIN : 0) | (count != -2 ? Net.POLLOUT : 0);
    }

    @Override
    int read(long address, int length, long offset) {
        if (length < Long.BYTES) {
            return -Errno.EINVAL;
        }
        if (count == 0) {
            return -Errno.EAGAIN;
        }
        long value = semaphore ? 1 : count;
        count -= value;
        changed();
        SimMemory.setLong(address, value);
        return Long.BYTES;
    }
}
