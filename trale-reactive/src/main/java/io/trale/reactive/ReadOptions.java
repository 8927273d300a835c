package io.trale.reactive;

/// Which part of a file is read, and how. Immutable: each method returns a changed copy.
public final class ReadOptions {

    private static final ReadOptions DEFAULTS = new ReadOptions(0, Long.MAX_VALUE, 64 << 10, 2);

    private final long offset;
    private final long length;
    private final int chunkBytes;
    private final int depth;

    private ReadOptions(long offset, long length, int chunkBytes, int depth) {
        this.offset = offset;
        this.length = length;
        this.chunkBytes = chunkBytes;
        this.depth = depth;
    }

    /// The whole file, in chunks of 64 KiB, with at most two reads in flight.
    public static ReadOptions defaults() {
        return DEFAULTS;
    }

    /// Where to begin, in bytes from the start. Beyond the end of the file there is nothing to read, which is not an error.
    public ReadOptions offset(long bytes) {
        return new ReadOptions(atLeast("offset", bytes, 0), length, chunkBytes, depth);
    }

    /// The largest number of bytes to read.
    public ReadOptions length(long bytes) {
        return new ReadOptions(offset, atLeast("length", bytes, 0), chunkBytes, depth);
    }

    /// The largest size of an element, in bytes. It is also limited by the size of a block of
    /// [io.trale.task.ExecutorOptions#fileBlocks].
    public ReadOptions chunk(int bytes) {
        return new ReadOptions(offset, length, (int) atLeast("chunk", bytes, 1), depth);
    }

    /// The largest number of reads in flight. With two or more, the device reads while a subscriber processes an element. It is
    /// also limited by the number of blocks of [io.trale.task.ExecutorOptions#fileBlocks].
    public ReadOptions depth(int reads) {
        return new ReadOptions(offset, length, chunkBytes, (int) atLeast("depth", reads, 1));
    }

    private static long atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least " + least);
        }
        return value;
    }

    /// See [#offset(long)].
    public long offset() {
        return offset;
    }

    /// See [#length(long)].
    public long length() {
        return length;
    }

    /// See [#chunk(int)].
    public int chunk() {
        return chunkBytes;
    }

    /// See [#depth(int)].
    public int depth() {
        return depth;
    }
}
