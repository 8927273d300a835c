package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.reactor.Failure;
import io.trale.leaf.BufferIo;
import io.trale.uring.Sqe;

/// The receive of a stream; one object for all receives.
final class Receive extends BufferIo implements IntFuture {

    private final StreamSocket<?> stream;
    /// The peer has shut down its output.
    private boolean ended;

    Receive(StreamSocket<?> stream) {
        super(stream.descriptor(), "a read of this stream is not finished");
        this.stream = stream;
    }

    IntFuture begin(Buffer buffer) {
        begin(buffer.memory());
        return this;
    }

    @Override
    public boolean poll(Waker waker) {
        if (!super.poll(waker)) {
            return false;
        }
        if (count() == 0 && !ended) {
            ended = stream.brokenBy() == 0;
            end(stream.brokenBy());
        }
        return true;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        return Failure.check("recv", descriptor().fd(), stream.remoteAddress(), count());
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepRecv(descriptor().fd(), kernelSlices().address(), kernelSlices().length(), 0);
    }

    @Override
    protected void keep(int result) {
        if (result > 0) {
            keepBytes(result);
        } else if (result < 0) {
            keepError(result);
        }
    }

    @Override
    public String toString() {
        return "recv(fd=" + descriptor().fd() + ")";
    }
}
