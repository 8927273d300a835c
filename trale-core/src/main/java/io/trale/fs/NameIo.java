package io.trale.fs;

import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.leaf.ReactorIo;
import io.trale.reactor.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// An operation on a file by its name, with no descriptor yet.
abstract class NameIo extends ReactorIo {

    private final byte[] name;
    private MemorySegment memory;

    /// `name` has no zero at its end, and is not [#isTooLong].
    NameIo(Reactor reactor, byte[] name) {
        super(new Descriptor(reactor, Files.AT_FDCWD));
        this.name = name;
    }

    /// True if no file has a name like this: `ENAMETOOLONG`.
    static boolean isTooLong(byte[] name) {
        return name.length >= ScratchPool.PATH_BYTES;
    }

    final Reactor reactor() {
        return descriptor().reactor();
    }

    /// The address of the name, until the completion. Only in [#fill].
    final long address() {
        memory = reactor().pools().paths().take();
        MemorySegment.copy(name, 0, memory, ValueLayout.JAVA_BYTE, 0, name.length);
        memory.set(ValueLayout.JAVA_BYTE, name.length, (byte) 0);
        return memory.address();
    }

    @Override
    protected void released(int result) {
        if (memory != null) {
            reactor().pools().paths().give(memory);
            memory = null;
        }
    }
}
