package io.trale.sim;

import io.trale.uring.Abi;

/// A group of buffers that the program provides through a ring in its memory. The program moves the tail, the kernel the head.
final class SimBufferRing implements SimBuffers {

    private final SimKernel kernel;
    private final long ring;
    private final int entries;
    private final int group;
    private final String[] given;
    private short head;
    private short seen;

    SimBufferRing(SimKernel kernel, long ring, int entries, int group) {
        this.kernel = kernel;
        this.ring = ring;
        this.entries = entries;
        this.group = group;
        given = new String[entries];
        kernel.shadow.hold(this, ring, (long) entries * Abi.BUF_BYTES, false);
    }

    /// Claims the buffers that were provided since the last call.
    void look() {
        short tail = SimMemory.getShortAcquire(ring + Abi.BUF_RING_TAIL);
        if ((short) (tail - head) > entries || (short) (tail - head) < 0) {
            throw kernel.failed("buffer group " + group + ": head " + head + ", tail " + tail + " of " + entries);
        }
        while (seen != tail) {
            int id = SimMemory.getShort(entry(seen) + Abi.BUF_ID);
            if (id < 0 || id >= entries || given[id] != null) {
                throw kernel.failed("buffer " + id + " is provided twice, or not in group " + group);
            }
            given[id] = "buffer " + id + " of group " + group;
            kernel.shadow.claim(given[id], SimMemory.getLong(entry(seen) + Abi.BUF_ADDRESS),
                    SimMemory.getInt(entry(seen) + Abi.BUF_LENGTH), true);
            seen++;
        }
    }

    private long entry(short position) {
        return ring + (long) (position & entries - 1) * Abi.BUF_BYTES;
    }

    @Override
    public boolean isEmpty() {
        look();
        return head == seen;
    }

    @Override
    public int nextBytes() {
        return SimMemory.getInt(entry(head) + Abi.BUF_LENGTH);
    }

    @Override
    public long nextAddress() {
        return SimMemory.getLong(entry(head) + Abi.BUF_ADDRESS);
    }

    @Override
    public int take() {
        int id = SimMemory.getShort(entry(head) + Abi.BUF_ID);
        kernel.shadow.release(given[id]);
        given[id] = null;
        head++;
        return id;
    }

    /// The program unregisters the group. It may keep buffers that are in use, as long as the memory stays mapped.
    @Override
    public void close() {
        look();
        for (String buffer : given) {
            kernel.shadow.release(buffer);
        }
        kernel.shadow.release(this);
    }
}
