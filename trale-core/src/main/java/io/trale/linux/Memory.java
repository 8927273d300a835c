package io.trale.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Native memory by address: what `mmap(2)` gave, as a segment with bounds and a lifetime.
public final class Memory {

    private static final int PROT_READ = 1;   // include/uapi/asm-generic/mman-common.h, mmap(2)
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_POPULATE = 0x8000;

    private static final int SKEW_FROM = 4096;
    private static final long SKEW = 4096 + 64;

    private Memory() {}

    /// Maps `lengthBytes` of zeroed, page-aligned memory, which costs nothing until it is touched. Unmapped when
    /// `arena` closes. Throws [OutOfMemoryError] when the kernel refuses.
    public static MemorySegment anonymous(Kernel kernel, Arena arena, long lengthBytes) {
        return map(kernel, arena, lengthBytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }

    /// Maps `count` pieces of `bytes` each, as [#anonymous]. Large pieces are kept a little apart: if all began at the same
    /// distance from a power of two, their beginnings, which are used most, would fight for the same few lines of the cache.
    public static MemorySegment[] pieces(Kernel kernel, Arena arena, int count, int bytes) {
        long stride = bytes % SKEW_FROM == 0 ? bytes + SKEW : bytes;
        MemorySegment memory = anonymous(kernel, arena, count * stride);
        MemorySegment[] pieces = new MemorySegment[count];
        for (int i = 0; i < count; i++) {
            pieces[i] = memory.asSlice(i * stride, bytes);
        }
        return pieces;
    }

    /// Maps the part of a ring that `offsetBytes` names (`IORING_OFF_*`), shared with the kernel. Unmapped when
    /// `arena` closes.
    public static MemorySegment ring(Kernel kernel, Arena arena, long lengthBytes, int ringFd, long offsetBytes) {
        return map(kernel, arena, lengthBytes, MAP_SHARED | MAP_POPULATE, ringFd, offsetBytes);
    }

    /// The first `lengthBytes` of `memory`, which is native and stays valid until `arena` closes, as a segment that is
    /// valid no longer than that.
    @SuppressWarnings("restricted")
    public static MemorySegment view(MemorySegment memory, long lengthBytes, Arena arena) {
        Objects.checkFromToIndex(0, lengthBytes, memory.byteSize());
        // SAFETY: within the bounds of memory, whose owner outlives arena; nothing is freed by the view.
        return memory.reinterpret(lengthBytes, arena, null);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment map(Kernel kernel, Arena arena, long lengthBytes, int flags, int fd, long offsetBytes) {
        long address = kernel.mmap(lengthBytes, PROT_READ | PROT_WRITE, flags, fd, offsetBytes);
        if (address < 0 && address > -4096) {
            throw new OutOfMemoryError("mmap of " + lengthBytes + " bytes: " + Errno.describe((int) -address));
        }
        // SAFETY: the mapping is lengthBytes long and lives until the arena's close unmaps it, after which
        // every access through this segment throws.
        return MemorySegment.ofAddress(address)
                .reinterpret(lengthBytes, arena, mapping -> kernel.munmap(mapping.address(), lengthBytes));
    }
}
