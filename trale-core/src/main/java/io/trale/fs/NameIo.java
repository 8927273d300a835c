package io.trale.fs;

import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.leaf.ReactorIo;
import io.trale.reactor.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// An operation on a file name, without a descriptor.
abstract class NameIo extends ReactorIo {

    private final byte[] name;
    private MemorySegment memory;

    /// `name` has no terminating zero, and must not be [#isTooLong].
    NameIo(Reactor reactor, byte[] name) {
        super(new Descriptor(reactor, Files.AT_FDCWD));
        this.name = name;
    }

    /// True if the name is longer than the kernel allows: `ENAMETOOLONG`.
    static boolean isTooLong(byte[] name) {
        return name.length >= ScratchPool.PATH_BYTES;
    }

    final Reactor reactor() {
        return descriptor().reactor();
    }

    /// Copies the name to native memory and returns the address, valid until the completion. Call only in [#fill].
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
