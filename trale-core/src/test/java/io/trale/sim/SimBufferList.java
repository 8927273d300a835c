package io.trale.sim;

import io.trale.linux.Errno;
import java.util.ArrayDeque;

/// A group of buffers that the program provides by operations: `IORING_OP_PROVIDE_BUFFERS`.
final class SimBufferList implements SimBuffers {

    private record Buffer(int group, int id, long address, int bytes) {}

    private final SimKernel kernel;
    private final ArrayDeque<Buffer> given = new ArrayDeque<>();

    SimBufferList(SimKernel kernel) {
        this.kernel = kernel;
    }

    /// Adds the buffer that `entry` provides. Returns the result of the operation.
    int provide(Entry entry) {
        if (entry.fd() != 1 || entry.flags() != 0 || entry.opFlags() != 0) {
            throw kernel.failed("must provide one buffer: " + entry);
        }
        if (kernel.dice.fault(Fault.SHORTAGE)) {
            return -Errno.ENOMEM;
        }
        Buffer buffer = new Buffer(entry.group(), (int) entry.offset(), entry.address(), entry.length());
        if (given.stream().anyMatch(other -> other.id == buffer.id)) {
            throw kernel.failed("provided twice: " + buffer);
        }
        given.add(buffer);
        kernel.shadow.claim(buffer, buffer.address, buffer.bytes, true);
        return 0;
    }

    @Override
    public boolean isEmpty() {
        return given.isEmpty();
    }

    @Override
    public int nextBytes() {
        return given.getFirst().bytes;
    }

    @Override
    public long nextAddress() {
        return given.getFirst().address;
    }

    @Override
    public int take() {
        Buffer buffer = given.removeFirst();
        kernel.shadow.release(buffer);
        return buffer.id;
    }

    /// The ring is closed, and the group with it. Whether a missing buffer is in use, or its provide was cancelled, only the
    /// program knows.
    @Override
    public void close() {
        given.forEach(kernel.shadow::release);
    }
}
