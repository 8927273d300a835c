package io.trale.reactor;

import java.lang.foreign.MemorySegment;

/// Native memory for sends or for files: blocks of one size, and the queue of operations that wait for one.
///
/// An operation that needs a block is staged here. Its `fill` is called once a block is free, and takes it; its last completion
/// gives it back.
public final class BlockPool extends StagingQueue {

    private final Reactor reactor;
    private final MemorySegment[] blocks;
    private final boolean[] taken;
    private final int[] free;
    private int freeCount;
    private final int blockBytes;

    BlockPool(Reactor reactor, MemorySegment[] blocks, int blockBytes) {
        this.reactor = reactor;
        this.blocks = blocks;
        this.blockBytes = blockBytes;
        taken = new boolean[blocks.length];
        free = new int[blocks.length];
        for (int i = 0; i < free.length; i++) {
            free[i] = free.length - 1 - i;
        }
        freeCount = free.length;
    }

    /// Stages `operation`, which will take one block.
    public void stage(Operation operation) {
        reactor.stage(operation, this);
    }

    /// The size of a block in bytes.
    public int blockBytes() {
        return blockBytes;
    }

    /// How many blocks there are.
    public int count() {
        return blocks.length;
    }

    /// How many blocks are free.
    public int free() {
        return freeCount;
    }

    /// Takes a block; returns its index.
    public int take() {
        if (freeCount == 0) {
            throw new IllegalStateException("no block free of " + blocks.length);
        }
        int index = free[--freeCount];
        taken[index] = true;
        reactor.memoryListener().ownedByKernel(blocks[index]);
        return index;
    }

    /// The memory of block `index`.
    public MemorySegment segment(int index) {
        return blocks[index];
    }

    /// Gives block `index` back. Throws [IllegalStateException] if it is not taken.
    public void give(int index) {
        if (!taken[index]) {
            throw new IllegalStateException("block " + index + " of " + blocks.length + " is given back twice");
        }
        taken[index] = false;
        free[freeCount++] = index;
        reactor.memoryListener().ownedByUs(blocks[index]);
    }

    @Override
    int budget() {
        return freeCount;
    }
}
