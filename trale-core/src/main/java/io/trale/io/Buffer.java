package io.trale.io;

import io.trale.leaf.BufferMemory;
import java.lang.foreign.MemorySegment;

/// Memory that a read or a write hands to the kernel as it is, with no copy.
///
/// While an operation has it, from the first poll of the future until its completion, or until the kernel has let go
/// after a cancel, the buffer belongs to the kernel: [#segment] throws, and so does a second operation. It may be closed
/// at any time, on any thread; the memory is freed as soon as the kernel has no more use for it.
public final class Buffer implements AutoCloseable {

    private final BufferMemory memory;
    private final int capacity;

    private Buffer(int capacity) {
        this.capacity = capacity;
        memory = new BufferMemory(capacity);
    }

    /// Allocates a buffer of `capacity` bytes, at least 1. Meant to be kept and reused: this costs some 20 µs.
    public static Buffer allocate(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity is " + capacity + ", must be at least 1");
        }
        return new Buffer(capacity);
    }

    /// The size in bytes.
    public int capacity() {
        return capacity;
    }

    /// The bytes. Throws [IllegalStateException] while an operation has them, and after [#close].
    public MemorySegment segment() {
        return memory.segment();
    }

    /// A part of this buffer, for a write that gathers several. Throws [IndexOutOfBoundsException] unless it is within.
    public Slice slice(int offset, int length) {
        return new Slice(this, offset, length);
    }

    /// What operations lend from. For trale's own packages.
    @SuppressWarnings("exports")
    public BufferMemory memory() {
        return memory;
    }

    @Override
    public void close() {
        memory.close();
    }
}
