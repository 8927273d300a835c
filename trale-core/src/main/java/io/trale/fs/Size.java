package io.trale.fs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.leaf.ReactorIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;

/// Gets the size of an open file with `statx(2)`.
final class Size extends ReactorIo implements Future<Long> {

    private final Object file;
    private long size;

    /// `file` is what a failure names.
    Size(Descriptor descriptor, Object file) {
        super(descriptor);
        this.file = file;
    }

    @Override
    public Long result() throws ErrnoException {
        Failure.check("statx", file, ioResult());
        return size;
    }

    @Override
    protected void fill(Sqe sqe) {
        MemorySegment memory = take(pools().paths()); // the empty path, then the struct statx
        memory.set(JAVA_BYTE, 0, (byte) 0);
        sqe.prepStatx(descriptor().fd(), memory.address(), Files.AT_EMPTY_PATH, Files.STATX_SIZE, memory.address() + 8);
    }

    @Override
    protected void released(int result) {
        if (memory() != null) {
            size = memory().get(JAVA_LONG, 8 + Files.STATX_SIZE_OFFSET);
        }
    }
}
