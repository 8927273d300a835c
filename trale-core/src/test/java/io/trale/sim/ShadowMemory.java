package io.trale.sim;

import io.trale.reactor.MemoryListener;
import io.trale.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Tracks the owner of memory: what is mapped, what the program has given to the kernel, and which ranges the kernel accesses.
///
/// An operation in flight, or a buffer in a buffer ring, *claims* the ranges that the kernel may access for it. Two claims may
/// overlap only if both read. A claimed range must not be unmapped. If this listens to a reactor, also: a claimed range must be
/// owned by the kernel, stays so while it is claimed, and is not given to the kernel twice.
final class ShadowMemory implements MemoryListener {

    private record Claim(Object owner, long address, long bytes, boolean writes) {

        boolean overlaps(long otherAddress, long otherBytes) {
            return address < otherAddress + otherBytes && otherAddress < address + bytes;
        }

        @Override
        public String toString() {
            return owner + (writes ? " writes " : " reads ") + range(address, bytes);
        }
    }

    private final SimKernel kernel;
    private final TreeMap<Long, Long> mappings = new TreeMap<>();
    private final TreeMap<Long, Long> ownedByKernel = new TreeMap<>();
    private final List<Claim> claims = new ArrayList<>();
    private boolean listening;

    ShadowMemory(SimKernel kernel) {
        this.kernel = kernel;
    }

    void map(long address, long bytes) {
        mappings.put(address, bytes);
    }

    void unmap(long address, long bytes) {
        Long mapped = mappings.remove(address);
        if (mapped == null || mapped != bytes) {
            throw kernel.failed("munmap of " + range(address, bytes) + ", mapped are " + mapped);
        }
        for (Claim claim : claims) {
            if (claim.overlaps(address, bytes)) {
                throw kernel.failed("unmapped while " + claim);
            }
        }
    }

    /// Listens to `reactor`, which is not open yet.
    void listenTo(Reactor reactor) {
        listening = true;
        reactor.setMemoryListener(this);
    }

    @Override
    public void ownedByKernel(MemorySegment memory) {
        Map.Entry<Long, Long> last = ownedByKernel.lowerEntry(memory.address() + memory.byteSize());
        if (last != null && last.getKey() + last.getValue() > memory.address()) {
            throw kernel.failed("given to the kernel twice: " + range(memory.address(), memory.byteSize()));
        }
        ownedByKernel.put(memory.address(), memory.byteSize());
    }

    @Override
    public void ownedByUs(MemorySegment memory) {
        if (!ownedByKernel.remove(memory.address(), memory.byteSize())) {
            throw kernel.failed("taken back, but not owned by the kernel: " + range(memory.address(), memory.byteSize()));
        }
        for (Claim claim : claims) {
            if (claim.overlaps(memory.address(), memory.byteSize())) {
                throw kernel.failed("taken back while " + claim);
            }
        }
    }

    private static String range(long address, long bytes) {
        return bytes + " bytes at 0x" + Long.toHexString(address);
    }

    /// Fails the run if `owner` names memory that the kernel does not own.
    void checkOwnedByKernel(Object owner, long address, long bytes) {
        Map.Entry<Long, Long> range = ownedByKernel.floorEntry(address);
        if (listening && (range == null || range.getKey() + range.getValue() < address + bytes)) {
            throw kernel.failed(owner + " names memory that the kernel does not own: " + range(address, bytes));
        }
    }

    /// From now on the kernel may access the range for `owner`; the kernel must own it.
    void claim(Object owner, long address, long bytes, boolean writes) {
        checkOwnedByKernel(owner, address, bytes);
        hold(owner, address, bytes, writes);
    }

    /// As [#claim], for registered memory, which is not given to the kernel.
    void hold(Object owner, long address, long bytes, boolean writes) {
        Claim claim = new Claim(owner, address, bytes, writes);
        if (bytes < 0 || address <= 0) {
            throw kernel.failed("no memory: " + claim);
        }
        for (Claim other : claims) {
            if ((writes || other.writes) && other.overlaps(address, bytes)) {
                throw kernel.failed("conflicting access: " + claim + " and " + other);
            }
        }
        Map.Entry<Long, Long> mapping = mappings.floorEntry(address);
        if (mapping != null && mapping.getKey() + mapping.getValue() > address
                && mapping.getKey() + mapping.getValue() < address + bytes) {
            throw kernel.failed("beyond its mapping: " + claim);
        }
        claims.add(claim);
    }

    /// Removes all claims of `owner`.
    void release(Object owner) {
        claims.removeIf(claim -> claim.owner == owner);
    }

    /// Writes random bytes to a range that the kernel may write.
    void scribble() {
        if (claims.isEmpty()) {
            return;
        }
        Claim claim = claims.get(kernel.dice.below(claims.size()));
        if (claim.writes && claim.bytes > 0) {
            int offset = kernel.dice.below((int) claim.bytes);
            byte[] bytes = new byte[(int) Math.min(1 + kernel.dice.below(64), claim.bytes - offset)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) kernel.dice.below(256);
            }
            SimMemory.write(claim.address + offset, bytes);
        }
    }

    void assertQuiescent() {
        if (!ownedByKernel.isEmpty()) {
            throw kernel.failed("still owned by the kernel: " + ownedByKernel);
        }
        if (!claims.isEmpty()) {
            throw kernel.failed("still claimed: " + claims);
        }
        if (!mappings.isEmpty()) {
            throw kernel.failed("still mapped: " + mappings);
        }
    }
}
