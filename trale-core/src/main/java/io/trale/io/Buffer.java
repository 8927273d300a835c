package io.trale.io;

import io.trale.leaf.BufferMemory;
import java.lang.foreign.MemorySegment;

/// Native memory for reads and writes; the kernel reads and writes it directly, without a copy.
///
/// During an operation the buffer belongs to the kernel: from the first poll of the future until its completion, or, after a
/// cancel, until the kernel has released the memory. In this time [#segment] throws, and so does a second operation.
///
/// [#close] may be called at any time, on any thread. The memory is freed when the kernel no longer uses it.
public final class Buffer implements AutoCloseable {

    private final BufferMemory memory;
    private final int capacity;

    private Buffer(int capacity) {
        this.capacity = capacity;
        memory = new BufferMemory(capacity);
    }

    /// Allocates a buffer of `capacity` bytes, at least 1. This takes about 20 µs, so keep and reuse buffers.
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

    /// The memory. Throws [IllegalStateException] during an operation and after [#close].
    public MemorySegment segment() {
        return memory.segment();
    }

    /// A part of this buffer, for a gathering write. Throws [IndexOutOfBoundsException] if it is not within the buffer.
    public Slice slice(int offset, int length) {
        return new Slice(this, offset, length);
    }

    /// The memory with its state of ownership. For trale's own packages.
    @SuppressWarnings("exports")
    public BufferMemory memory() {
        return memory;
    }

    @Override
    public void close() {
        memory.close();
    }
}
