package io.trale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Whose memory is whose: what is mapped, and which ranges of it, or of other memory, the kernel may touch now.
///
/// A range is claimed by an operation in flight, or by a buffer that was given to a buffer ring. Two claims may overlap
/// only if both read; nothing that is claimed may be unmapped.
final class Shadow {

    private record Claim(Object owner, long address, long bytes, boolean writes) {

        boolean overlaps(long otherAddress, long otherBytes) {
            return address < otherAddress + otherBytes && otherAddress < address + bytes;
        }

        @Override
        public String toString() {
            return owner + (writes ? " writes " : " reads ") + bytes + " bytes at 0x" + Long.toHexString(address);
        }
    }

    private final SimKernel kernel;
    private final TreeMap<Long, Long> mappings = new TreeMap<>();
    private final List<Claim> claims = new ArrayList<>();

    Shadow(SimKernel kernel) {
        this.kernel = kernel;
    }

    void map(long address, long bytes) {
        mappings.put(address, bytes);
    }

    void unmap(long address, long bytes) {
        Long mapped = mappings.remove(address);
        if (mapped == null || mapped != bytes) {
            throw kernel.failed("munmap of " + bytes + " bytes at 0x" + Long.toHexString(address) + ", mapped are " + mapped);
        }
        for (Claim claim : claims) {
            if (claim.overlaps(address, bytes)) {
                throw kernel.failed("unmapped while " + claim);
            }
        }
    }

    /// The kernel may touch the range from now on, on behalf of `owner`.
    void claim(Object owner, long address, long bytes, boolean writes) {
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
            Ram.write(claim.address + offset, bytes);
        }
    }

    void assertQuiescent() {
        if (!claims.isEmpty()) {
            throw kernel.failed("still the kernel's: " + claims);
        }
        if (!mappings.isEmpty()) {
            throw kernel.failed("still mapped: " + mappings);
        }
    }
}
