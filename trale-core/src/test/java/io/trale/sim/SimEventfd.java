package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A counter, as `eventfd(2)`.
final class SimEventfd extends SimFile {

    private static final int EFD_SEMAPHORE = 1;

    private final boolean semaphore;
    private long count;

    SimEventfd(SimKernel kernel, int initialValue, int flags) {
        super(kernel);
        count = initialValue;
        semaphore = (flags & EFD_SEMAPHORE) != 0;
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
    int poll() {
        return (count != 0 ? Net.POLLIN : 0) | (count != -2 ? Net.POLLOUT : 0);
    }

    @Override
    byte[] read(int max) {
        if (max < Long.BYTES || count == 0) {
            return null;
        }
        long value = semaphore ? 1 : count;
        count -= value;
        changed();
        return eightBytes(value);
    }

    @Override
    int errno() {
        return Errno.EAGAIN;
    }

    static byte[] eightBytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(value).array();
    }
}
