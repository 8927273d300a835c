package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Net;
import io.trale.reactor.Failure;
import io.trale.reactor.LendingIo;
import io.trale.uring.Sqe;

/// A stream's one send, used again and again.
final class Send extends LendingIo implements IntFuture {

    private final TcpStream stream;
    private int offset;
    private int length;

    Send(TcpStream stream) {
        super(stream.descriptor(), "a write of this stream is not finished");
        this.stream = stream;
    }

    IntFuture begin(Buffer buffer, int offset, int length) {
        begin(buffer.memory());
        this.offset = offset;
        this.length = length;
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        return transfer(waker);
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        if (count() < 0) {
            throw Failure.of("send", stream.descriptor().fd(), stream.remoteAddress(), -count());
        }
        return count();
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepSend(stream.descriptor().fd(), lent().lent().address() + offset, length, Net.MSG_NOSIGNAL | Net.MSG_WAITALL);
    }

    @Override
    public String toString() {
        return "send(fd=" + stream.descriptor().fd() + ")";
    }
}
