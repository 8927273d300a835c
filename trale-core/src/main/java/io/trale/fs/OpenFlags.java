package io.trale.fs;

import io.trale.linux.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/// Converts Java's open options to flags of `open(2)`.
final class OpenFlags {

    private OpenFlags() {}

    static int of(Set<OpenOption> options) {
        boolean append = options.contains(StandardOpenOption.APPEND);
        boolean write = append || options.contains(StandardOpenOption.WRITE);
        boolean read = options.contains(StandardOpenOption.READ) || !write;
        int flags = Files.O_CLOEXEC | (read && write ? Files.O_RDWR : write ? Files.O_WRONLY : Files.O_RDONLY);
        if (append && options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
            throw new IllegalArgumentException("APPEND and TRUNCATE_EXISTING contradict each other");
        }
        for (OpenOption option : options) {
            flags |= switch (option) {
                case StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.SPARSE -> 0;
                case StandardOpenOption.APPEND -> Files.O_APPEND;
                case StandardOpenOption.TRUNCATE_EXISTING -> write ? Files.O_TRUNC : 0; // as java.nio.file does
                case StandardOpenOption.CREATE -> write ? Files.O_CREAT : 0;
                case StandardOpenOption.CREATE_NEW -> write ? Files.O_CREAT | Files.O_EXCL : 0;
                case StandardOpenOption.SYNC -> Files.O_SYNC;
                case StandardOpenOption.DSYNC -> Files.O_DSYNC;
                case LinkOption.NOFOLLOW_LINKS -> Files.O_NOFOLLOW;
                default -> throw new UnsupportedOperationException("open option " + option);
            };
        }
        return flags;
    }
}
