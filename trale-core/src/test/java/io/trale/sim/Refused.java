package io.trale.sim;

/// An operation that the kernel rejects with an error.
final class Refused extends SimOperation {

    private final int errno;

    Refused(SimRing ring, Entry entry, SimFile file, int errno) {
        super(ring, entry, file);
        this.errno = errno;
    }

    @Override
    int attempt() {
        return -errno;
    }

    @Override
    int interest() {
        return 0;
    }
}
