package io.trale.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Maps native memory with `mmap(2)`, as segments with bounds and a lifetime.
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

    /// Maps `lengthBytes` of zeroed, page-aligned memory. The kernel allocates a page when it is first touched. Unmapped
    /// when `arena` closes. Throws [OutOfMemoryError] if `mmap` fails.
    public static MemorySegment anonymous(Kernel kernel, Arena arena, long lengthBytes) {
        return map(kernel, arena, lengthBytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }

    /// Maps `count` pieces of `bytes` each, as [#anonymous]. Pieces of whole pages are skewed by a cache line: otherwise
    /// their first bytes, which are used most, would map to the same cache set.
    public static MemorySegment[] pieces(Kernel kernel, Arena arena, int count, int bytes) {
        long stride = bytes % SKEW_FROM == 0 ? bytes + SKEW : bytes;
        MemorySegment memory = anonymous(kernel, arena, count * stride);
        MemorySegment[] pieces = new MemorySegment[count];
        for (int i = 0; i < count; i++) {
            pieces[i] = memory.asSlice(i * stride, bytes);
        }
        return pieces;
    }

    /// Maps a part of a ring, shared with the kernel. `offsetBytes` selects the part (`IORING_OFF_*`). Unmapped when `arena`
    /// closes.
    public static MemorySegment ring(Kernel kernel, Arena arena, long lengthBytes, int ringFd, long offsetBytes) {
        return map(kernel, arena, lengthBytes, MAP_SHARED | MAP_POPULATE, ringFd, offsetBytes);
    }

    /// The first `lengthBytes` of `memory`, as a segment that is valid until `arena` closes. `memory` must be native and
    /// stay valid at least as long.
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
        // SAFETY: the mapping is lengthBytes long. The arena unmaps it when it closes; after that, every access through
        // this segment throws.
        return MemorySegment.ofAddress(address)
                .reinterpret(lengthBytes, arena, mapping -> kernel.munmap(mapping.address(), lengthBytes));
    }
}
