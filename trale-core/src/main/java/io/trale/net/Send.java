package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Net;
import io.trale.reactor.Failure;
import io.trale.reactor.ReactorIo;
import io.trale.uring.Sqe;

/// A stream's one send, used again and again.
final class Send extends ReactorIo implements IntFuture {

    private final TcpStream stream;

    /// What the present use sends; the buffer is null between uses.
    private Buffer buffer;
    private int offset;
    private int length;
    /// The buffer that the kernel has, or will have with the next enter.
    private Buffer lent;
    private int count;

    Send(TcpStream stream) {
        super(stream.descriptor());
        this.stream = stream;
    }

    IntFuture begin(Buffer buffer, int offset, int length) {
        if (this.buffer != null) {
            throw new IllegalStateException("a write of this stream is not finished");
        }
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        if (submitOrGetResult(waker)) {
            count = ioResult();
            buffer = null;
            giveBack();
            reset();
            return true;
        }
        return false;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        if (count < 0) {
            throw Failure.of("send", stream.descriptor().fd(), stream.remoteAddress(), -count);
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
        sqe.prepSend(stream.descriptor().fd(), lent.memory().lent().address() + offset, length, Net.MSG_NOSIGNAL | Net.MSG_WAITALL);
    }

    @Override
    protected void dispose(int result) {
        giveBack();
    }

    private void giveBack() {
        if (lent != null) {
            lent.memory().giveBack();
            lent = null;
        }
    }

    @Override
    public String toString() {
        return "send(fd=" + stream.descriptor().fd() + ")";
    }
}
