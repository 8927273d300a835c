package io.trale.sim;

import io.trale.linux.Errno;
import java.util.ArrayDeque;

/// A group of buffers that the program gives by operations: `IORING_OP_PROVIDE_BUFFERS`.
final class SimBufferList implements SimBuffers {

    private record Buffer(int group, int id, long address, int bytes) {}

    private final SimKernel kernel;
    private final ArrayDeque<Buffer> given = new ArrayDeque<>();

    SimBufferList(SimKernel kernel) {
        this.kernel = kernel;
    }

    /// Takes the buffer that `entry` provides. Returns what the operation completes with.
    int provide(Entry entry) {
        if (entry.fd() != 1 || entry.flags() != 0 || entry.opFlags() != 0) {
            throw kernel.failed("only one buffer at a time: " + entry);
        }
        if (kernel.dice.fault(Fault.SHORTAGE)) {
            return -Errno.ENOMEM;
        }
        Buffer buffer = new Buffer(entry.group(), (int) entry.offset(), entry.address(), entry.length());
        if (given.stream().anyMatch(other -> other.id == buffer.id)) {
            throw kernel.failed("given twice: " + buffer);
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

    /// The ring is closed, and what was given goes with it. A buffer that is lent can be told from one whose return was
    /// called off only by the program.
    @Override
    public void close() {
        given.forEach(kernel.shadow::release);
    }
}
