package io.trale.io;

import io.trale.future.IntFuture;
import io.trale.future.Waker;
import java.io.IOException;
import java.util.Arrays;

/// Writes slices with repeated partial writes until all bytes are written.
final class WriteAll implements IntFuture {

    private final AsyncWrite target;
    private final int length;
    /// The bytes not yet written.
    private Slice[] slices;
    private int left;
    private IntFuture write;
    private IOException failure;

    /// Takes ownership of the array `slices`.
    WriteAll(AsyncWrite target, Slice... slices) {
        this.target = target;
        this.slices = slices;
        int sum = 0;
        for (Slice slice : slices) {
            sum = Math.addExact(sum, slice.length());
        }
        length = sum;
        left = sum;
    }

    @Override
    public boolean poll(Waker waker) {
        while (left > 0) {
            if (write == null) {
                write = target.write(slices);
            }
            if (!write.poll(waker)) {
                return false;
            }
            IntFuture written = write;
            write = null; // the target reuses this future, possibly for another caller
            try {
                skip(written.resultAsInt());
            } catch (IOException e) {
                failure = e;
                return true;
            }
        }
        return true;
    }

    /// Removes the first `count` bytes from `slices`.
    private void skip(int count) throws IOException {
        if (count <= 0) { // breaks the contract of AsyncWrite; a retry could loop for ever
            throw new IOException("wrote " + count + " of " + left + " bytes");
        }
        left -= count;
        if (left == 0) {
            return;
        }
        int first = 0;
        int rest = count;
        while (rest >= slices[first].length()) {
            rest -= slices[first++].length();
        }
        slices = Arrays.copyOfRange(slices, first, slices.length);
        slices[0] = new Slice(slices[0].buffer(), slices[0].offset() + rest, slices[0].length() - rest);
    }

    @Override
    public int resultAsInt() throws IOException {
        if (failure != null) {
            throw failure;
        }
        if (left > 0) {
            throw new IllegalStateException("not complete: " + left + " of " + length + " bytes are left to write");
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
