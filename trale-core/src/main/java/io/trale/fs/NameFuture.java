package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.ReactorIo;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.reactor.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// A future of an operation on a file name, without a descriptor. The first poll creates the operation, for the executor that
/// polls.
abstract class NameFuture<T> implements Future<T> {

    private final Path path;
    private final byte[] name;
    private NameIo io;

    NameFuture(Path path) {
        this.path = path;
        name = FileNames.bytes(path);
    }

    /// Creates the operation.
    abstract NameIo operation(Reactor reactor);

    final Path path() {
        return path;
    }

    @Override
    public final boolean poll(Waker waker) {
        if (name.length >= ScratchPool.PATH_BYTES) {
            return true; // ENAMETOOLONG
        }
        if (io == null) {
            io = operation(Reactor.current());
        }
        return io.poll(waker);
    }

    /// The result of the operation; throws if `call` has failed.
    final int check(String call) throws ErrnoException {
        return Failure.check(call, path, io == null ? -Errno.ENAMETOOLONG : io.result());
    }

    @Override
    public void cancel() {
        if (io != null) {
            io.cancel();
        }
    }

    abstract class NameIo extends ReactorIo {

        NameIo(Reactor reactor) {
            super(new Descriptor(reactor, Files.AT_FDCWD));
        }

        final Reactor reactor() {
            return descriptor().reactor();
        }

        int result() {
            return ioResult();
        }

        /// As [#take]; returns the address of the memory, which begins with the name and a zero byte.
        final long takeName(ScratchPool pool) {
            MemorySegment memory = take(pool);
            MemorySegment.copy(name, 0, memory, ValueLayout.JAVA_BYTE, 0, name.length);
            memory.set(ValueLayout.JAVA_BYTE, name.length, (byte) 0);
            return memory.address();
        }
    }
}
