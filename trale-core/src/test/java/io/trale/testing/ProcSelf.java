package io.trale.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The kernel's view of this process, from `proc(5)`.
public final class ProcSelf {

    private static final Path PROC = Path.of("/proc/self");

    private ProcSelf() {}

    /// The number of open rings, eventfds, timerfds and sockets.
    public static long descriptors() {
        return count(target -> target.startsWith("anon_inode:") || target.startsWith("socket:"));
    }

    /// How often the file at `path` is open.
    public static long files(Path path) {
        return count(target -> target.equals(path.toString()));
    }

    private static long count(Predicate<String> which) {
        try (Stream<Path> files = Files.list(PROC.resolve("fd"))) {
            return files.map(ProcSelf::target).filter(which).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path file) {
        try {
            return Files.readSymbolicLink(file).toString();
        } catch (IOException e) {
            return ""; // the descriptor of the listing itself
        }
    }

    /// True if an exec closes `fd`: `O_CLOEXEC`.
    public static boolean endsWithExec(int fd) {
        String flags = value("fdinfo/" + fd, "flags:");
        return (Long.parseLong(flags, 8) & 02000000) != 0;
    }

    /// The number of threads, including those of the JVM and kernel workers.
    public static long threads() {
        return status("Threads:", 10);
    }

    /// The number of mapped memory ranges.
    public static long mappings() {
        try (Stream<String> lines = Files.lines(PROC.resolve("maps"))) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The resident memory in bytes, including the heap.
    public static long residentBytes() {
        return status("VmRSS:", 10) << 10;
    }

    /// True if the process has a handler for `signal`; without one, the signal would end the process.
    public static boolean handles(int signal) {
        return (status("SigCgt:", 16) >>> signal - 1 & 1) != 0;
    }

    private static long status(String field, int radix) {
        return Long.parseUnsignedLong(value("status", field).replace(" kB", ""), radix);
    }

    private static String value(String file, String field) {
        try (Stream<String> lines = Files.lines(PROC.resolve(file))) {
            return lines.filter(line -> line.startsWith(field)).findFirst().orElseThrow().substring(field.length()).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
