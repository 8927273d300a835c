package io.trale.leaf;

import io.trale.linux.IoVectors;
import io.trale.reactor.Operation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The parts of users' buffers that one use of an operation is about, in order, and the loan of them all.
///
/// Keeps its arrays, and so costs nothing when it is used again.
public final class BufferSlices {

    private BufferMemory[] memories = {};
    private int[] offsets = {};
    private int[] lengths = {};
    private int count;

    BufferSlices() {}

    /// Adds `length` bytes of `memory` from `offset`; none are no part.
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

    /// How many parts there are.
    public int count() {
        return count;
    }

    /// The first part's length in bytes, 0 if there is no part.
    public int length() {
        return count == 0 ? 0 : lengths[0];
    }

    /// The first part's memory, for the one who may use it now: the user.
    public MemorySegment segment() {
        return memories[0].segment().asSlice(offsets[0], lengths[0]);
    }

    /// The first part's memory while it is lent.
    public MemorySegment kernelSegment() {
        return memories[0].kernelSegment().asSlice(offsets[0], lengths[0]);
    }

    /// The first part's address while it is lent, 0 if there is no part.
    public long address() {
        return count == 0 ? 0 : memories[0].kernelSegment().address() + offsets[0];
    }

    /// How many parts the kernel takes at a time, from the first.
    public int vectorCount() {
        return Math.min(count, IoVectors.MAX);
    }

    /// Writes [#vectorCount] vectors at `offset` of `memory`.
    public void writeVectors(MemorySegment memory, long offset) {
        for (int i = 0; i < vectorCount(); i++) {
            IoVectors.set(memory, offset, i, memories[i].kernelSegment().address() + offsets[i], lengths[i]);
        }
    }

    /// Lends all parts to `operation`, or none if one of them cannot be.
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

    /// The last completion of `operation` was there.
    void takeBack(Operation operation) {
        takeBack(operation, count);
    }

    private void takeBack(Operation operation, int parts) {
        for (int i = 0; i < parts; i++) {
            memories[i].takeBack(operation); // a second part of the same buffer finds it given back already
        }
    }

    /// Forgets the parts.
    void clear() {
        Arrays.fill(memories, 0, count, null);
        count = 0;
    }
}
