package io.trale.reactive.file;

import io.trale.fs.File;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.send.StreamSender;
import io.trale.reactor.BlockPool;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The writing side of a file: each write follows the previous one. If the file was opened to append, each write goes to the
/// current end of the file (`pwrite(2)`, under BUGS).
final class FileSender extends StreamSender {

    private final File file;
    private long position;

    public FileSender(Loop loop, File file, long offset) {
        super(loop, file.descriptor());
        this.file = file;
        position = offset;
    }

    @Override
    protected BlockPool blocks() {
        return loop.reactor.pools().fileBlocks();
    }

    @Override
    protected void prepare(Sqe sqe, long address, int lengthBytes) {
        sqe.prepWrite(descriptor().fd(), address, lengthBytes, file.isSeekable() ? position : -1);
    }

    @Override
    protected @Nullable IOException took(int bytes, int asked) {
        position += bytes;
        return bytes > 0 || asked == 0 ? null // after a short write, the next one fails with the reason
                : new IOException(describe() + ": the kernel took none of " + asked + " bytes, without an error");
    }

    @Override
    protected IOException failed(int errno) {
        return Failure.of(describe(), errno);
    }

    @Override
    protected String describe() {
        return "write(" + file + ")";
    }
}
