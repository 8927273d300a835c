package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Files;
import io.trale.linux.Net;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/// The other end of a named pipe, outside of the program. It writes at random times, and keeps the received bytes.
///
/// Unlike in `fifo(7)`, the two directions are independent. An open for writing without a reader must not block.
public final class SimPipe {

    private final SimKernel kernel;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final End end;
    private byte[] unread = {};
    private long lastArrival;
    private boolean finished;
    private boolean hasReader = true;

    SimPipe(SimKernel kernel) {
        this.kernel = kernel;
        end = new End(kernel);
    }

    /// Writes `bytes` in random pieces.
    public SimPipe write(byte[] bytes) {
        for (int done = 0; done < bytes.length;) {
            int count = kernel.dice.shorten(bytes.length - done);
            byte[] piece = Arrays.copyOfRange(bytes, done, done + count);
            later(() -> {
                int before = unread.length;
                unread = Arrays.copyOf(unread, before + piece.length);
                System.arraycopy(piece, 0, unread, before, piece.length);
            });
            done += count;
        }
        return this;
    }

    /// Ends the stream after the bytes of earlier calls.
    public SimPipe finish() {
        later(() -> finished = true);
        return this;
    }

    /// Opens the pipe for reading only `nanos` from now.
    public SimPipe readAfter(long nanos) {
        hasReader = false;
        kernel.time.after(nanos, () -> hasReader = true);
        return this;
    }

    /// All received bytes.
    public byte[] received() {
        return received.toByteArray();
    }

    private void later(Runnable change) {
        lastArrival = Math.max(kernel.time.now() + kernel.dice.lateness(), lastArrival);
        kernel.time.at(lastArrival, () -> {
            change.run();
            end.changed();
        });
    }

    int open(int flags) {
        if (!hasReader && (flags & Files.O_WRONLY) != 0) {
            if ((flags & Files.O_NONBLOCK) == 0) {
                throw kernel.failed("a blocking open of a pipe without a reader occupies a kernel worker");
            }
            return -Errno.ENXIO;
        }
        return kernel.install(end);
    }

    private final class End extends SimFile {

        End(SimKernel kernel) {
            super(kernel);
        }

        @Override
        int poll() {
            return Net.POLLOUT | (unread.length > 0 ? Net.POLLIN : finished ? Net.POLLHUP : 0);
        }

        @Override
        int read(long address, int length, long offset) {
            if (unread.length == 0) {
                return finished ? 0 : -Errno.EAGAIN;
            }
            int count = kernel.dice.shorten(Math.min(length, unread.length));
            SimMemory.write(address, Arrays.copyOf(unread, count));
            unread = Arrays.copyOfRange(unread, count, unread.length);
            return count;
        }

        @Override
        int write(long address, int length, long offset) {
            int count = kernel.dice.shorten(length);
            received.writeBytes(SimMemory.read(address, count));
            return count;
        }
    }
}
