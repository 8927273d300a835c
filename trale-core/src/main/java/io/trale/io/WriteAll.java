package io.trale.io;

import io.trale.future.IntFuture;
import io.trale.future.Waker;
import java.io.IOException;
import java.util.Arrays;

/// Writes again until everything is written.
final class WriteAll implements IntFuture {

    private final AsyncWrite target;
    private final int length;
    /// What is left to write.
    private Slice[] slices;
    private int left;
    private IntFuture write;
    private IOException failure;

    /// Writes `slices`, which belong to this now.
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
            write = null; // its next use is not ours
            try {
                skip(written.resultAsInt());
            } catch (IOException e) {
                failure = e;
                return true;
            }
        }
        return true;
    }

    /// The first `count` bytes are written.
    private void skip(int count) throws IOException {
        if (count <= 0) { // against the contract of AsyncWrite, and the next attempt would do no better
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
        return length;
    }

    @Override
    public void cancel() {
        if (write != null) {
            write.cancel();
        }
    }
}
