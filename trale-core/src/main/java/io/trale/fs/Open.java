package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.reactor.ReactorIo;
import io.trale.reactor.ScratchPool;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// Opens a file. One that is open when nobody waits any more is closed.
final class Open implements Future<File> {

    private final Path path;
    private final int flags;
    private final int mode;
    private final byte[] name;
    private Opening opening;
    private File file;

    Open(Path path, int flags, int mode) {
        this.path = path;
        this.flags = flags;
        this.mode = mode;
        name = (path.toString() + "\0").getBytes(StandardCharsets.UTF_8);
        if (path.toString().indexOf(0) >= 0) {
            throw new InvalidPathException(path.toString(), "a zero character in the path");
        }
    }

    @Override
    public boolean poll(Waker waker) {
        if (opening == null) {
            if (name.length > ScratchPool.PATH_BYTES) {
                return true;
            }
            opening = new Opening(Reactor.current());
        }
        return opening.poll(waker);
    }

    @Override
    public File result() throws ErrnoException {
        int result = opening == null ? -Errno.ENAMETOOLONG : opening.fd();
        if (result < 0) {
            throw Failure.of("open(" + path + ")", -result);
        }
        if (file == null) {
            file = new File(new Descriptor(opening.reactor, result), path);
        }
        return file;
    }

    @Override
    public void cancel() {
        if (opening != null && file == null) {
            opening.cancel();
        }
    }

    private final class Opening extends ReactorIo {

        private final Reactor reactor;
        private MemorySegment memory;

        Opening(Reactor reactor) {
            super(new Descriptor(reactor, -1));
            this.reactor = reactor;
        }

        boolean poll(Waker waker) {
            return submitOrGetResult(waker);
        }

        int fd() {
            return ioResult();
        }

        void cancel() {
            abandon();
        }

        @Override
        protected void fill(Sqe sqe) {
            memory = reactor.pools().paths().take();
            MemorySegment.copy(name, 0, memory, ValueLayout.JAVA_BYTE, 0, name.length);
            sqe.prepOpenat(Files.AT_FDCWD, memory.address(), flags, mode);
        }

        @Override
        protected void released(int result) {
            if (memory != null) {
                reactor.pools().paths().give(memory);
                memory = null;
            }
        }

        @Override
        protected void dispose(int result) {
            if (result >= 0) {
                reactor.kernel().close(result);
            }
        }
    }
}
