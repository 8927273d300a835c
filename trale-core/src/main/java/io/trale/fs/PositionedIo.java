package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;

/// A read or a write at a position. The file keeps idle objects and reuses them. Each use has its own future, so that a late
/// cancel does not affect the next use.
final class PositionedIo extends FileIo {

    private boolean writing;
    private long position;

    PositionedIo(File file) {
        super(file, "in use");
    }

    IntFuture read(Buffer buffer, int offset, int length, long position) {
        writing = false;
        this.position = position;
        begin(buffer, offset, length);
        return new Use();
    }

    IntFuture write(Buffer buffer, int offset, int length, long position) {
        writing = true;
        this.position = position;
        begin(buffer, offset, length);
        return new Use();
    }

    IntFuture write(long position, Slice... slices) {
        writing = true;
        this.position = position;
        begin(slices);
        return new Use();
    }

    @Override
    protected void fill(Sqe sqe) {
        prepare(sqe, writing, position);
    }

    private final class Use implements IntFuture {

        private final boolean writing = PositionedIo.this.writing;
        private boolean over;
        private int count;

        @Override
        public boolean poll(Waker waker) {
            return PositionedIo.this.poll(waker);
        }

        @Override
        public int resultAsInt() throws ErrnoException {
            descriptor().checkThread();
            if (!over) {
                over = true;
                count = count();
                file.idle(PositionedIo.this);
            }
            return Failure.check(writing ? "pwrite" : "pread", file, count);
        }

        @Override
        public void cancel() {
            if (!over) {
                PositionedIo.this.cancel();
            }
        }
    }
}
