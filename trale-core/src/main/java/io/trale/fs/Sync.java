package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.leaf.ReactorIo;
import io.trale.uring.Sqe;

/// Waits until written data is on the storage device.
final class Sync extends ReactorIo implements Future<Void> {

    private final Object file;
    private final boolean metadata;

    /// `file` is what a failure names.
    Sync(Descriptor descriptor, Object file, boolean metadata) {
        super(descriptor);
        this.file = file;
        this.metadata = metadata;
    }

    @Override
    public Void result() throws ErrnoException {
        Failure.check("fsync", file, ioResult());
        return null;
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepFsync(descriptor().fd(), metadata ? 0 : Files.IORING_FSYNC_DATASYNC);
    }
}
