package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;

/// The read or the write of a file at its cursor; one object for all reads, one for all writes.
final class CursorIo extends FileIo implements IntFuture {

    private final boolean writing;
    /// The values of the file's `cursor` and `seeks` when the operation began.
    private long position;
    private int seeks;

    CursorIo(File file, boolean writing) {
        super(file, "a " + (writing ? "write" : "read") + " of this file is not finished");
        this.writing = writing;
    }

    IntFuture transfer(Buffer buffer, int offset, int length) {
        begin(buffer, offset, length);
        return this;
    }

    IntFuture transfer(Slice... slices) {
        begin(slices);
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        if (super.poll(waker)) {
            if (count() > 0 && file.isSeekable() && seeks == file.seeks) {
                file.cursor += count();
            }
            return true;
        }
        return false;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        return Failure.check(writing ? "write" : "read", file, count());
    }

    @Override
    protected void staging() {
        super.staging();
        position = file.isSeekable() ? file.cursor : -1;
        seeks = file.seeks;
    }

    @Override
    protected void fill(Sqe sqe) {
        prepare(sqe, writing, position);
    }

    /// A file with a position is read again at that position.
    @Override
    protected void keep(int result) {
        if (result > 0 && !writing && !file.isSeekable()) {
            keepBytes(result);
        }
    }
}
