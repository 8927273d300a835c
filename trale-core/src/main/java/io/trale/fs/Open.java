package io.trale.fs;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.Files;
import io.trale.reactor.Deadline;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.reactor.ScratchPool;
import io.trale.uring.Sqe;
import java.nio.file.Path;

/// Opens a file. If the future is cancelled and the open still succeeds, the file is closed.
///
/// Opens have `O_NONBLOCK`. A blocking open waits for the reader of a named pipe (`fifo(7)`) or for the end of a lease
/// (`fcntl(2)`). Meanwhile it would occupy one of the few kernel worker threads that all files share. The kernel reports no
/// event when the wait is over, so this retries with a growing delay. After the open, the flag is cleared.
final class Open extends NameFuture<File> {

    private static final long FIRST_WAIT_NANOS = 1_000_000;
    private static final long LONGEST_WAIT_NANOS = 64_000_000;
    private static final int ANSWER = ScratchPool.PATH_BYTES;

    private final int flags;
    private final int mode;
    private Opening opening;
    private File file;

    Open(Path path, int flags, int mode) {
        super(path);
        this.flags = flags;
        this.mode = mode;
    }

    @Override
    NameIo operation(Reactor reactor) {
        opening = new Opening(reactor);
        return opening;
    }

    @Override
    public File result() throws ErrnoException {
        int fd = check("open");
        if (file == null) {
            try {
                opening.reactor().kernel().setStatusFlags(fd, flags & Files.O_APPEND); // no longer O_NONBLOCK
                file = new File(Descriptor.ofFile(opening.reactor(), fd), path());
            } catch (Throwable t) {
                opening.cancel();
                throw t;
            }
        }
        return file;
    }

    @Override
    public void cancel() {
        if (file == null) {
            super.cancel();
        }
    }

    /// Opens the file. After `ENXIO`, checks with `statx(2)` whether the name is a named pipe. If so, or after `EAGAIN` (a
    /// lease), retries after a delay.
    private final class Opening extends NameIo {

        private final Retry retry = new Retry();
        private long waitNanos = FIRST_WAIT_NANOS;
        /// True if the operation is the statx, not the open.
        private boolean asking;
        private boolean isPipe;

        Opening(Reactor reactor) {
            super(reactor);
        }

        @Override
        public boolean poll(Waker waker) {
            if (submitOrGetResult(waker)) {
                if (asking ? !isPipe : ioResult() != -Errno.EAGAIN) {
                    return true;
                }
                reset();
                reactor().deadlines().set(retry, reactor().kernel().nanoTime() + waitNanos);
                waitNanos = Math.min(2 * waitNanos, LONGEST_WAIT_NANOS);
                submitOrGetResult(waker); // stages nothing until the deadline; registers the waker
            }
            return false;
        }

        @Override
        int result() {
            int result = ioResult();
            return asking ? -Errno.ENXIO : result;
        }

        @Override
        public void cancel() {
            super.cancel();
            reactor().deadlines().callOff(retry);
        }

        @Override
        protected boolean mayBegin() {
            return !retry.isSet();
        }

        @Override
        protected void staging() {
            asking = false;
        }

        @Override
        protected void fill(Sqe sqe) {
            if (asking) {
                long memory = takeName(pools().vectors()); // the name, then the struct statx
                sqe.prepStatx(Files.AT_FDCWD, memory, 0, Files.STATX_TYPE, memory + ANSWER);
            } else {
                sqe.prepOpenat(Files.AT_FDCWD, takeName(pools().paths()), flags | Files.O_NONBLOCK, mode);
            }
        }

        @Override
        protected void released(int result) {
            isPipe = asking && result >= 0
                    && (memory().get(JAVA_SHORT, ANSWER + Files.STATX_MODE_OFFSET) & Files.S_IFMT) == Files.S_IFIFO;
        }

        @Override
        protected boolean again(int result) {
            if (!asking && result == -Errno.ENXIO) {
                asking = true;
                return true;
            }
            return super.again(result);
        }

        @Override
        protected void dispose(int result) {
            if (!asking && result >= 0) {
                try {
                    Descriptor.ofFile(reactor(), result).close();
                } catch (OutOfMemoryError e) {
                    reactor().kernel().close(result); // may block, but the descriptor is not lost
                    throw e;
                }
            }
        }

        private final class Retry extends Deadline {

            @Override
            protected void reached() {
                wake();
            }
        }
    }
}
