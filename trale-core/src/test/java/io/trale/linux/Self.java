package io.trale.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// What the kernel knows of this process, for tests: `proc(5)`.
public final class Self {

    private static final Path PROC = Path.of("/proc/self");

    private Self() {}

    /// Rings, eventfds, timerfds and sockets that are open.
    public static long descriptors() {
        try (Stream<Path> files = Files.list(PROC.resolve("fd"))) {
            return files.filter(Self::isOurs).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOurs(Path file) {
        try {
            String target = Files.readSymbolicLink(file).toString();
            return target.startsWith("anon_inode:") || target.startsWith("socket:");
        } catch (IOException e) {
            return false; // the descriptor of the listing itself
        }
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
        try (Stream<String> lines = Files.lines(PROC.resolve("status"))) {
            String value = lines.filter(line -> line.startsWith(field)).findFirst().orElseThrow();
            return Long.parseUnsignedLong(value.substring(field.length()).replace("kB", "").strip(), radix);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
