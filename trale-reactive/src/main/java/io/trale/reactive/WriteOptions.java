package io.trale.reactive;

import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/// How a file is opened and written. Immutable: each method returns a changed copy.
public final class WriteOptions {

    private static final WriteOptions DEFAULTS = new WriteOptions(
            Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING), 0666, 0, false);

    private final Set<OpenOption> open;
    private final int mode;
    private final long offset;
    private final boolean sync;

    private WriteOptions(Set<OpenOption> open, int mode, long offset, boolean sync) {
        this.open = open;
        this.mode = mode;
        this.offset = offset;
        this.sync = sync;
    }

    /// Creates the file with mode 0666 less the umask if it does not exist; otherwise truncates it.
    public static WriteOptions defaults() {
        return DEFAULTS;
    }

    /// The open options, as for [java.nio.file.Files#newOutputStream], for example `APPEND`, `CREATE_NEW` or `DSYNC`. They
    /// replace the defaults. `WRITE` is implied; `READ` throws [IllegalArgumentException]. An open of a named pipe waits for a
    /// reader; with neither `CREATE` nor `TRUNCATE_EXISTING` it may fail with `ENXIO` instead.
    public WriteOptions open(OpenOption... options) {
        Set<OpenOption> open = new HashSet<>(Set.of(options));
        if (open.contains(StandardOpenOption.READ)) {
            throw new IllegalArgumentException("options contain READ, but the file is opened for writing");
        }
        open.add(StandardOpenOption.WRITE);
        return new WriteOptions(Set.copyOf(open), mode, offset, sync);
    }

    /// The permissions of a created file, less the umask, as of `open(2)`: for example `0640`.
    public WriteOptions mode(int bits) {
        if ((bits & ~07777) != 0) {
            throw new IllegalArgumentException("mode is 0" + Integer.toOctalString(bits) + ", must be at most 07777");
        }
        return new WriteOptions(open, bits, offset, sync);
    }

    /// Where to begin, in bytes from the start. If the file is shorter, the gap reads as zeros. No effect if the file is opened
    /// to append.
    public WriteOptions offset(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("offset is " + bytes + ", must be at least 0");
        }
        return new WriteOptions(open, mode, bytes, sync);
    }

    /// If true, the write completes only when all data is on the device: see `fsync(2)`.
    public WriteOptions sync(boolean sync) {
        return new WriteOptions(open, mode, offset, sync);
    }

    /// See [#open(OpenOption...)].
    public Set<OpenOption> openOptions() {
        return open;
    }

    /// See [#mode(int)].
    public int mode() {
        return mode;
    }

    /// See [#offset(long)].
    public long offset() {
        return offset;
    }

    /// See [#sync(boolean)].
    public boolean sync() {
        return sync;
    }
}
