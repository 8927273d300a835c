package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.trale.linux.Errno;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// The buffer groups of a ring, by their numbers.
final class SimGroups {

    private final SimKernel kernel;
    private final Map<Integer, SimBuffers> groups = new HashMap<>();

    SimGroups(SimKernel kernel) {
        this.kernel = kernel;
    }

    int register(MemorySegment arg) {
        long address = arg.get(JAVA_LONG, Abi.BUF_REG_ADDRESS);
        int entries = arg.get(JAVA_INT, Abi.BUF_REG_ENTRIES);
        int group = arg.get(JAVA_SHORT, Abi.BUF_REG_GROUP) & 0xffff;
        if (!kernel.has(Capability.BUFFER_RINGS) || Integer.bitCount(entries) != 1 || entries > 32768 || address % 4096 != 0) {
            return -Errno.EINVAL;
        }
        if (groups.containsKey(group)) {
            return -SimErrno.EEXIST;
        }
        groups.put(group, new SimBufferRing(kernel, address, entries, group));
        return 0;
    }

    int unregister(MemorySegment arg) {
        int group = arg.get(JAVA_SHORT, Abi.BUF_REG_GROUP) & 0xffff;
        if (!(groups.get(group) instanceof SimBufferRing ring)) {
            return -Errno.EINVAL;
        }
        groups.remove(group);
        ring.close();
        return 0;
    }

    /// `IORING_OP_PROVIDE_BUFFERS`: creates the group if it does not exist. Returns the result of the operation.
    int provide(Entry entry) {
        return groups.computeIfAbsent(entry.group(), none -> new SimBufferList(kernel)) instanceof SimBufferList list
                ? list.provide(entry) : -Errno.EINVAL;
    }

    /// The ring is closed, and with it the buffers that operations have provided.
    void close() {
        groups.values().stream().filter(SimBufferList.class::isInstance).forEach(SimBuffers::close);
    }

    /// Group number `id`, or null.
    SimBuffers get(int group) {
        return groups.get(group);
    }
}
