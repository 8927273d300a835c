package io.trale.io;

import io.trale.future.IntFuture;
import io.trale.future.Waker;
import java.io.IOException;

/// Writes again until everything is written.
final class WriteAll implements IntFuture {

    private final AsyncWrite target;
    private final Buffer buffer;
    private final int length;
    private final int end;
    private int position;
    private IntFuture write;
    private IOException failure;

    WriteAll(AsyncWrite target, Buffer buffer, int offset, int length) {
        this.target = target;
        this.buffer = buffer;
        this.length = length;
        position = offset;
        end = offset + length;
    }

    @Override
    public boolean poll(Waker waker) {
        while (position < end) {
            if (write == null) {
                write = target.write(buffer, position, end - position);
            }
            if (!write.poll(waker)) {
                return false;
            }
            try {
                position += write.resultAsInt();
            } catch (IOException e) {
                failure = e;
                return true;
            }
            write = null;
        }
        return true;
    }

    @Override
    public int resultAsInt() throws IOException {
        if (failure != null) {
            throw failure;
        }
        return length;
    }

    @Override
    public void cancel() {
        if (write != null) {
            write.cancel();
        }
    }
}
