package io.trale.sim;

import io.trale.reactor.MemoryListener;
import io.trale.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Whose memory is whose: what is mapped, what the program has lent to its operations, and which ranges the kernel may
/// touch now.
///
/// A range is claimed by an operation in flight, or by a buffer that was given to a buffer ring. Two claims may overlap
/// only if both read; nothing that is claimed may be unmapped. If this listens to a reactor, only what is lent may be
/// claimed, nothing may come back that is claimed, and nothing is lent twice.
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
    private final TreeMap<Long, Long> lent = new TreeMap<>();
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

    /// Learns from `reactor`, which is not open yet, what it lends.
    void listenTo(Reactor reactor) {
        listening = true;
        reactor.setMemoryListener(this);
    }

    @Override
    public void ownedByKernel(MemorySegment memory) {
        Map.Entry<Long, Long> last = lent.lowerEntry(memory.address() + memory.byteSize());
        if (last != null && last.getKey() + last.getValue() > memory.address()) {
            throw kernel.failed("lent twice: " + range(memory.address(), memory.byteSize()));
        }
        lent.put(memory.address(), memory.byteSize());
    }

    @Override
    public void ownedByUs(MemorySegment memory) {
        if (!lent.remove(memory.address(), memory.byteSize())) {
            throw kernel.failed("returned, but not lent: " + range(memory.address(), memory.byteSize()));
        }
        for (Claim claim : claims) {
            if (claim.overlaps(memory.address(), memory.byteSize())) {
                throw kernel.failed("returned while " + claim);
            }
        }
    }

    private static String range(long address, long bytes) {
        return bytes + " bytes at 0x" + Long.toHexString(address);
    }

    /// Fails if the program names memory that is not lent to `owner`, or to any other.
    void checkLent(Object owner, long address, long bytes) {
        Map.Entry<Long, Long> range = lent.floorEntry(address);
        if (listening && (range == null || range.getKey() + range.getValue() < address + bytes)) {
            throw kernel.failed(owner + " names memory that is not lent: " + range(address, bytes));
        }
    }

    /// The kernel may touch the range, which must be lent, from now on on behalf of `owner`.
    void claim(Object owner, long address, long bytes, boolean writes) {
        checkLent(owner, address, bytes);
        hold(owner, address, bytes, writes);
    }

    /// As [#claim], of memory that the program registers, and lends to nobody.
    void hold(Object owner, long address, long bytes, boolean writes) {
        Claim claim = new Claim(owner, address, bytes, writes);
        if (bytes < 0 || address <= 0) {
            throw kernel.failed("no memory: " + claim);
        }
        for (Claim other : claims) {
            if ((writes || other.writes) && other.overlaps(address, bytes)) {
                throw kernel.failed("memory of two at once: " + claim + " and " + other);
            }
        }
        Map.Entry<Long, Long> mapping = mappings.floorEntry(address);
        if (mapping != null && mapping.getKey() + mapping.getValue() > address
                && mapping.getKey() + mapping.getValue() < address + bytes) {
            throw kernel.failed("beyond its mapping: " + claim);
        }
        claims.add(claim);
    }

    /// Everything that `owner` had is the program's again.
    void release(Object owner) {
        claims.removeIf(claim -> claim.owner == owner);
    }

    /// Writes random bytes somewhere into what the kernel may write to.
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
        if (!lent.isEmpty()) {
            throw kernel.failed("still lent: " + lent);
        }
        if (!claims.isEmpty()) {
            throw kernel.failed("still the kernel's: " + claims);
        }
        if (!mappings.isEmpty()) {
            throw kernel.failed("still mapped: " + mappings);
        }
    }
}
