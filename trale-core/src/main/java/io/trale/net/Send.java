package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.linux.MessageHeader;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;

/// The send of a stream; one object for all sends.
final class Send extends SendIo {

    private final StreamSocket<?> stream;

    Send(StreamSocket<?> stream) {
        super(stream.descriptor(), "a write of this stream is not finished");
        this.stream = stream;
    }

    @Override
    public int resultAsInt() throws ErrnoException {
        return Failure.check("send", descriptor().fd(), stream.remoteAddress(), count());
    }

    @Override
    protected void released(int result) {
        stream.written(result);
    }

    @Override
    void prepare(Sqe sqe) {
        if (kernelSlices().count() <= 1) {
            sqe.prepSend(descriptor().fd(), kernelSlices().address(), kernelSlices().length(), FLAGS);
        } else {
            MemorySegment header = takeArguments();
            MessageHeader.fill(header, 0, kernelSlices().vectorCount());
            kernelSlices().writeVectors(header, MessageHeader.VECTORS);
            sqe.prepSendmsg(descriptor().fd(), header.address() + MessageHeader.HEADER, FLAGS);
        }
    }

    @Override
    public String toString() {
        return "send(fd=" + descriptor().fd() + ")";
    }
}
