package io.trale.reactive.file;

import io.trale.fs.File;
import io.trale.linux.Errno;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.send.StreamSender;
import io.trale.reactive.send.WritablePoll;
import io.trale.reactor.BlockPool;
import io.trale.reactor.Failure;
import io.trale.uring.Sqe;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The writing side of a file: each write goes where the one before it ended, or, if the file was opened to append,
/// wherever its end is by then (`pwrite(2)`, under BUGS).
public final class FileSender extends StreamSender {

    private final File file;
    private final WritablePoll room;
    private long position;

    public FileSender(Loop loop, File file, long offset) {
        super(loop, file.descriptor());
        this.file = file;
        position = offset;
        room = new WritablePoll(file.descriptor(), () -> {
            settle();
            pump();
        });
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
    public @Nullable IOException ended(int result, int asked) {
        if (result >= 0) {
            position += result;
            return result > 0 || asked == 0 ? null // if it was less than asked for, the next write will say why
                    : new IOException(describe() + ": took none of " + asked + " bytes");
        }
        switch (-result) {
            case Errno.EAGAIN -> room.await();
            case Errno.EINTR -> { } // once more
            case Errno.ECANCELED -> { } // closing: pump says so
            default -> {
                return Failure.of(describe(), -result);
            }
        }
        return null;
    }

    @Override
    protected boolean mustWait() {
        return room.isAwaited();
    }

    @Override
    protected void stopWaiting() {
        room.cancel();
    }

    @Override
    protected String describe() {
        return "write(" + file + ")";
    }
}
