package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.linux.Files;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.uring.Sqe;
import java.nio.file.Path;

/// Creates a directory.
final class Mkdir implements Future<Void> {

    private final Path path;
    private final byte[] name;
    private Making making;

    Mkdir(Path path) {
        this.path = path;
        name = FileNames.bytes(path);
    }

    @Override
    public boolean poll(Waker waker) {
        if (making == null) {
            if (NameIo.isTooLong(name)) {
                return true;
            }
            making = new Making(Reactor.current());
        }
        return making.poll(waker);
    }

    @Override
    public Void result() throws ErrnoException {
        Failure.check("mkdir", path, making == null ? -Errno.ENAMETOOLONG : making.taken());
        return null;
    }

    @Override
    public void cancel() {
        if (making != null) {
            making.cancel();
        }
    }

    private final class Making extends NameIo {

        Making(Reactor reactor) {
            super(reactor, name);
        }

        boolean poll(Waker waker) {
            return submitOrGetResult(waker);
        }

        int taken() {
            return ioResult();
        }

        void cancel() {
            abandon();
        }

        @Override
        protected void fill(Sqe sqe) {
            sqe.prepMkdirat(Files.AT_FDCWD, address(), 0777);
        }
    }
}
