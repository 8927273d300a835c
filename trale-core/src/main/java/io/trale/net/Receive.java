package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.reactor.Failure;
import io.trale.reactor.ReactorIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A stream's one receive, used again and again.
final class Receive extends ReactorIo implements IntFuture {

    private final TcpStream stream;

    /// The buffer of the present use, or null between uses.
    private Buffer buffer;
    /// The buffer that is lent, from staging until the result is taken.
    private Buffer lent;
    /// What came for a use that was given up goes first: bytes, then an error, which the kernel tells only once.
    private byte[] head = {};
    private int headPosition;
    private int keptError;
    private int count;

    Receive(TcpStream stream) {
        super(stream.descriptor());
        this.stream = stream;
    }

    IntFuture begin(Buffer buffer) {
        if (this.buffer != null) {
            throw new IllegalStateException("a read of this stream is not finished");
        }
        this.buffer = buffer;
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        if (headPosition < head.length && !inFlight()) {
            count = Math.min(head.length - headPosition, buffer.capacity());
            MemorySegment.copy(head, headPosition, buffer.segment(), ValueLayout.JAVA_BYTE, 0, count);
            headPosition += count;
            if (headPosition == head.length) {
                head = new byte[0];
                headPosition = 0;
            }
            buffer = null;
            return true;
        }
        if (keptError != 0 && !inFlight()) {
            count = keptError;
            keptError = 0;
            buffer = null;
            return true;
        }
        if (submitOrGetResult(waker)) {
            count = ioResult();
            buffer = null;
            giveBack();
            reset();
            return true;
        }
        return false;
    }

    private void giveBack() {
        if (lent != null) {
            lent.memory().giveBack();
            lent = null;
        }
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        if (count < 0) {
            throw Failure.of("recv", stream.descriptor().fd(), stream.remoteAddress(), -count);
        }
        return count;
    }

    @Override
    public void cancel() {
        if (buffer != null) {
            abandon();
            buffer = null;
        }
    }

    @Override
    protected void staging() {
        try {
            buffer.memory().lend(this);
        } catch (IllegalStateException misuse) {
            buffer = null;
            throw misuse;
        }
        lent = buffer;
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepRecv(stream.descriptor().fd(), lent.memory().lent().address(), lent.capacity(), 0);
    }

    @Override
    protected void dispose(int result) {
        if (result > 0) {
            head = lent.memory().lent().asSlice(0, result).toArray(ValueLayout.JAVA_BYTE);
        } else if (result < 0 && result != -Errno.ECANCELED) {
            keptError = result;
        }
        giveBack();
    }

    @Override
    public String toString() {
        return "recv(fd=" + stream.descriptor().fd() + ")";
    }
}
