package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.reactor.Failure;
import io.trale.leaf.BufferIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The receive of a stream; one object for all receives.
final class Receive extends BufferIo implements IntFuture {

    private final StreamSocket<?> stream;

    /// The result of a cancelled receive, which the next receives get first: bytes, then an error. The kernel reports an
    /// error only once.
    private byte[] head = {};
    private int headPosition;
    private int keptError;

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
        descriptor().checkThread();
        if (headPosition < head.length && !inFlight()) {
            MemorySegment target = slices().segment();
            int count = (int) Math.min(head.length - headPosition, target.byteSize());
            MemorySegment.copy(head, headPosition, target, ValueLayout.JAVA_BYTE, 0, count);
            headPosition += count;
            if (headPosition == head.length) {
                head = new byte[0];
                headPosition = 0;
            }
            end(count);
            return true;
        }
        if (keptError != 0 && !inFlight()) {
            end(keptError);
            keptError = 0;
            return true;
        }
        return transfer(waker);
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
            head = kernelSlices().kernelSegment().asSlice(0, result).toArray(ValueLayout.JAVA_BYTE);
        } else if (result < 0 && result != -Errno.ECANCELED && result != -Errno.EINTR) {
            keptError = result;
        }
    }

    @Override
    public String toString() {
        return "recv(fd=" + descriptor().fd() + ")";
    }
}
