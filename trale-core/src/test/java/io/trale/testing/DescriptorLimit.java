package io.trale.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayDeque;
import java.util.stream.Stream;

/// Leaves this process without a free descriptor, until [#close]: lowers the limit to the highest open descriptor, and fills the
/// gaps below. Meanwhile, everything that opens a file fails, for example the loading of a class.
public final class DescriptorLimit implements AutoCloseable {

    private static final int RLIMIT_NOFILE = 7; // include/uapi/asm-generic/resource.h, setrlimit(2)
    private static final MethodHandle GET = link("getrlimit");
    private static final MethodHandle SET = link("setrlimit");

    private final Kernel kernel = new Libc();
    private final ArrayDeque<Integer> fillers = new ArrayDeque<>();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment before = arena.allocate(16, 8); // struct rlimit: the soft and the hard limit

    /// Lowers the limit.
    public DescriptorLimit() {
        MemorySegment lowered = arena.allocate(16, 8);
        call(GET, before);
        lowered.copyFrom(before);
        lowered.set(JAVA_LONG, 0, 1 + Stream.of(new File("/proc/self/fd").list()).mapToLong(Long::parseLong).max().orElseThrow());
        call(SET, lowered);
        int fd;
        while ((fd = kernel.eventfd(0, Net.EFD_CLOEXEC)) >= 0) {
            fillers.push(fd);
        }
        if (fillers.isEmpty()) {
            throw new AssertionError("no descriptor was free: " + Errno.describe(-fd));
        }
    }

    /// Frees one descriptor.
    public void leaveOne() {
        kernel.close(fillers.pop());
    }

    @Override
    public void close() {
        call(SET, before);
        fillers.forEach(kernel::close);
        arena.close();
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String symbol) {
        // SAFETY: int getrlimit(int, struct rlimit *), and setrlimit alike.
        return Linker.nativeLinker().downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(symbol),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    }

    private static void call(MethodHandle function, MemorySegment limit) {
        try {
            if ((int) function.invokeExact(RLIMIT_NOFILE, limit) != 0) {
                throw new AssertionError("cannot read or set the limit");
            }
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
