package io.trale.reactor;

/// How much of everything a reactor has. Sizes are in bytes; queue and buffer counts are powers of two.
///
/// Memory is reserved, not used, until traffic touches it: the defaults stand for at most
/// `receiveBuffers * receiveBufferBytes` = 4 MiB, as much for sends, and as much for leases and for files if there are any.
public record Limits(int submissionEntries, int completionEntries, int completionsPerTurn, int receiveBuffers,
        int receiveBufferBytes, int sendBlocks, int sendBlockBytes, int leaseBuffers, int leaseBufferBytes,
        int fileBlocks, int fileBlockBytes) {

    /// What a reactor has when nothing else is said.
    public static final Limits DEFAULT = new Limits(256, 4096, 512, 64, 64 << 10, 64, 64 << 10, 64, 64 << 10,
            64, 64 << 10);

    public Limits {
        powerOfTwo("submissionEntries", submissionEntries, 32768);
        powerOfTwo("completionEntries", completionEntries, 65536);
        if (completionEntries < submissionEntries) { // EINVAL of io_uring_setup(2), which would not say of what
            throw new IllegalArgumentException("completionEntries is " + completionEntries
                    + ", must be at least submissionEntries, which is " + submissionEntries);
        }
        positive("completionsPerTurn", completionsPerTurn);
        powerOfTwo("receiveBuffers", receiveBuffers, 32768);
        positive("receiveBufferBytes", receiveBufferBytes);
        positive("sendBlocks", sendBlocks);
        positive("sendBlockBytes", sendBlockBytes);
        powerOfTwo("leaseBuffers", leaseBuffers, 32768);
        positive("leaseBufferBytes", leaseBufferBytes);
        positive("fileBlocks", fileBlocks);
        positive("fileBlockBytes", fileBlockBytes);
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
