package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Files;
import io.trale.reactor.Failure;
import io.trale.leaf.ReactorIo;
import io.trale.uring.Sqe;

/// Waits until written data is on the storage device.
final class Sync extends ReactorIo implements Future<Void> {

    private final File file;
    private final boolean metadata;

    Sync(File file, boolean metadata) {
        super(file.descriptor());
        this.file = file;
        this.metadata = metadata;
    }

    @Override
    public boolean poll(Waker waker) {
        return submitOrGetResult(waker);
    }

    @Override
    public Void result() throws ErrnoException {
        if (ioResult() < 0) {
            throw Failure.of("fsync(" + file + ")", -ioResult());
        }
        return null;
    }

    @Override
    public void cancel() {
        abandon();
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepFsync(descriptor().fd(), metadata ? 0 : Files.IORING_FSYNC_DATASYNC);
    }
}
