package io.trale.leaf;

import io.trale.linux.IoVectors;
import io.trale.reactor.Operation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The parts of users' buffers that one use of an operation transfers, in order. They change owners together.
///
/// Keeps its arrays, so a reuse allocates nothing.
public final class BufferSlices {

    private BufferMemory[] memories = {};
    private int[] offsets = {};
    private int[] lengths = {};
    private int count;

    BufferSlices() {}

    /// Appends `length` bytes of `memory` from `offset`, unless `length` is 0.
    void add(BufferMemory memory, int offset, int length) {
        if (length == 0) {
            return;
        }
        if (count == memories.length) {
            int capacity = Math.max(1, 2 * count);
            memories = Arrays.copyOf(memories, capacity);
            offsets = Arrays.copyOf(offsets, capacity);
            lengths = Arrays.copyOf(lengths, capacity);
        }
        memories[count] = memory;
        offsets[count] = offset;
        lengths[count++] = length;
    }

    /// The number of parts.
    public int count() {
        return count;
    }

    /// The length of the first part in bytes, 0 if there is no part.
    public int length() {
        return count == 0 ? 0 : lengths[0];
    }

    /// The memory of the first part, for the user; see [BufferMemory#segment].
    public MemorySegment segment() {
        return memories[0].segment().asSlice(offsets[0], lengths[0]);
    }

    /// The memory of the first part while the kernel owns it.
    public MemorySegment kernelSegment() {
        return memories[0].kernelSegment().asSlice(offsets[0], lengths[0]);
    }

    /// The address of the first part while the kernel owns it, 0 if there is no part.
    public long address() {
        return count == 0 ? 0 : memories[0].kernelSegment().address() + offsets[0];
    }

    /// The number of parts that one system call transfers, from the first.
    public int vectorCount() {
        return Math.min(count, IoVectors.MAX);
    }

    /// Writes [#vectorCount] vectors at `offset` of `memory`.
    public void writeVectors(MemorySegment memory, long offset) {
        for (int i = 0; i < vectorCount(); i++) {
            IoVectors.set(memory, offset, i, memories[i].kernelSegment().address() + offsets[i], lengths[i]);
        }
    }

    /// Makes the kernel the owner of all parts, for `operation`; of none if one of them is not available.
    void giveToKernel(Operation operation) {
        for (int i = 0; i < count; i++) {
            try {
                memories[i].giveToKernel(operation);
            } catch (IllegalStateException misuse) {
                takeBack(operation, i);
                throw misuse;
            }
        }
    }

    /// Makes us the owner again, after the last completion of `operation`.
    void takeBack(Operation operation) {
        takeBack(operation, count);
    }

    private void takeBack(Operation operation, int parts) {
        for (int i = 0; i < parts; i++) {
            memories[i].takeBack(operation); // no effect on a second part of the same buffer
        }
    }

    /// Removes all parts.
    void clear() {
        Arrays.fill(memories, 0, count, null);
        count = 0;
    }
}
