package io.trale.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What the kernel knows of this process, for tests: `proc(5)`.
public final class ProcSelf {

    private static final Path PROC = Path.of("/proc/self");

    private ProcSelf() {}

    /// Rings, eventfds, timerfds and sockets that are open.
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

    /// True if `fd` is closed in a process that is made from this one: `O_CLOEXEC`.
    public static boolean endsWithExec(int fd) {
        String flags = value("fdinfo/" + fd, "flags:");
        return (Long.parseLong(flags, 8) & 02000000) != 0;
    }

    /// Threads, with those of the JVM and of the kernel's workers.
    public static long threads() {
        return status("Threads:", 10);
    }

    /// Ranges of memory that are mapped.
    public static long mappings() {
        try (Stream<String> lines = Files.lines(PROC.resolve("maps"))) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Bytes of memory in use, the heap included.
    public static long residentBytes() {
        return status("VmRSS:", 10) << 10;
    }

    /// True if there is a handler for `signal`, which would otherwise end the process.
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
