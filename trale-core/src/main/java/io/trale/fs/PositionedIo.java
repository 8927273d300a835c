package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;

/// A read or a write at a position; the file keeps those that are idle, and uses them again.
final class PositionedIo extends FileIo {

    private boolean writing;
    private long position;
    private boolean untaken;

    PositionedIo(File file) {
        super(file, "in use");
    }

    IntFuture read(Buffer buffer, int offset, int length, long position) {
        writing = false;
        this.position = position;
        begin(buffer, offset, length);
        return this;
    }

    IntFuture write(Buffer buffer, int offset, int length, long position) {
        writing = true;
        this.position = position;
        begin(buffer, offset, length);
        return this;
    }

    IntFuture write(long position, Slice... slices) {
        writing = true;
        this.position = position;
        begin(slices);
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        untaken = transfer(waker);
        return untaken;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        int count = count();
        if (untaken) { // else the file has it already, and perhaps another user
            untaken = false;
            file.idle(this);
        }
        if (count < 0) {
            throw Failure.of((writing ? "pwrite(" : "pread(") + file + ")", -count);
        }
        return count;
    }

    @Override
    protected void fill(Sqe sqe) {
        prepare(sqe, writing, position);
    }
}
