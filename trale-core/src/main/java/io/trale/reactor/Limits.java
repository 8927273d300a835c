package io.trale.reactor;

/// The sizes of a reactor's queues and pools.
///
/// Memory is reserved, not used, until traffic touches it: by default, 4 MiB for each of the four pools.
public record Limits(int submissionEntries, int completionEntries, int completionsPerTurn, Pool receiveBuffers,
        Pool leaseBuffers, Pool sendBlocks, Pool fileBlocks) {

    /// `count` pieces of memory of `bytes` each.
    public record Pool(int count, int bytes) {

        private static final Pool DEFAULT = new Pool(64, 64 << 10);

        private void check(String countName, String bytesName) {
            positive(countName, count);
            positive(bytesName, bytes);
        }
    }

    /// 256 submission and 4096 completion entries, 512 completions in a turn, and 64 pieces of 64 KiB in each pool.
    public static final Limits DEFAULT =
            new Limits(256, 4096, 512, Pool.DEFAULT, Pool.DEFAULT, Pool.DEFAULT, Pool.DEFAULT);

    public Limits {
        powerOfTwo("submissionEntries", submissionEntries, 32768);
        powerOfTwo("completionEntries", completionEntries, 65536);
        if (completionEntries < submissionEntries) { // io_uring_setup(2) would fail with EINVAL, and not say why
            throw new IllegalArgumentException("completionEntries is " + completionEntries
                    + ", must be at least submissionEntries, which is " + submissionEntries);
        }
        positive("completionsPerTurn", completionsPerTurn);
        powerOfTwo("receiveBuffers", receiveBuffers.count, 32768);
        receiveBuffers.check("receiveBuffers", "receiveBufferBytes");
        powerOfTwo("leaseBuffers", leaseBuffers.count, 32768);
        leaseBuffers.check("leaseBuffers", "leaseBufferBytes");
        sendBlocks.check("sendBlocks", "sendBlockBytes");
        fileBlocks.check("fileBlocks", "fileBlockBytes");
    }

    /// A copy with another ring.
    public Limits withRing(int submissions, int completions) {
        return new Limits(submissions, completions, completionsPerTurn, receiveBuffers, leaseBuffers, sendBlocks, fileBlocks);
    }

    /// A copy with other receive buffers, whose number is a power of two up to 32768.
    public Limits withReceiveBuffers(int count, int bytes) {
        return new Limits(submissionEntries, completionEntries, completionsPerTurn, new Pool(count, bytes), leaseBuffers,
                sendBlocks, fileBlocks);
    }

    /// A copy with other lease buffers, whose number is a power of two up to 32768.
    public Limits withLeaseBuffers(int count, int bytes) {
        return new Limits(submissionEntries, completionEntries, completionsPerTurn, receiveBuffers, new Pool(count, bytes),
                sendBlocks, fileBlocks);
    }

    /// A copy with other blocks for sends.
    public Limits withSendBlocks(int count, int bytes) {
        return new Limits(submissionEntries, completionEntries, completionsPerTurn, receiveBuffers, leaseBuffers,
                new Pool(count, bytes), fileBlocks);
    }

    /// A copy with other blocks for files.
    public Limits withFileBlocks(int count, int bytes) {
        return new Limits(submissionEntries, completionEntries, completionsPerTurn, receiveBuffers, leaseBuffers, sendBlocks,
                new Pool(count, bytes));
    }

    private static void positive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least 1");
        }
    }

    private static void powerOfTwo(String name, int value, int max) {
        if (Integer.bitCount(value) != 1 || value < 1 || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ", must be a power of two up to " + max);
        }
    }
}
