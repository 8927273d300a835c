package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.reactor.Failure;
import io.trale.reactor.LendingIo;
import io.trale.uring.Sqe;

/// A read or a write at a position; the file keeps those that are idle, and uses them again.
final class PositionedIo extends LendingIo implements IntFuture {

    private final File file;
    private boolean writing;
    private int offset;
    private int length;
    private long position;
    private boolean untaken;

    PositionedIo(File file) {
        super(file.descriptor(), "in use");
        this.file = file;
    }

    IntFuture begin(boolean writing, Buffer buffer, int offset, int length, long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position is " + position + ", must not be negative");
        }
        begin(buffer.memory());
        this.writing = writing;
        this.offset = offset;
        this.length = length;
        this.position = position;
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
        long address = lent().lent().address() + offset;
        if (writing) {
            sqe.prepWrite(file.descriptor().fd(), address, length, position);
        } else {
            sqe.prepRead(file.descriptor().fd(), address, length, position);
        }
    }
}
