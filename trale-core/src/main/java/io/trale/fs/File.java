package io.trale.fs;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.AsyncRead;
import io.trale.io.AsyncWrite;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.Errno;
import io.trale.linux.Files;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// An open file. Belongs to the executor of the thread that opened it.
///
/// Reads and writes use either a given position or the cursor, which this object keeps. The cursor advances when the poll
/// that completes a read or write returns; a cancelled one does not move it. A file without a position, such as a pipe, is
/// read and written in order.
public final class File implements AsyncRead, AsyncWrite, AutoCloseable {

    private final Descriptor descriptor;
    private final Path path;
    private final boolean seekable;
    private final CursorIo read;
    private final CursorIo write;
    private final ArrayDeque<PositionedIo> idle = new ArrayDeque<>();
    long cursor;
    /// The number of calls of [#seek]. A read or write that began before the last seek does not move the cursor.
    int seeks;

    File(Descriptor descriptor, Path path) {
        this.descriptor = descriptor;
        this.path = path;
        seekable = descriptor.reactor().kernel().lseek(descriptor.fd(), 0, Files.SEEK_CUR) >= 0;
        read = new CursorIo(this, false);
        write = new CursorIo(this, true);
    }

    // ---- opening

    /// Opens `path`, for reading by default; options as in [java.nio.file.Files#newByteChannel]. A new file has mode 0666
    /// minus the umask. Fails with `ENOENT`, `EACCES` or `EISDIR` among others; see `open(2)`. Throws
    /// [java.nio.file.ProviderMismatchException] if `path` does not belong to the default file system.
    ///
    /// An open of a named pipe for writing waits for a reader. An open for reading does not wait; its first read waits for a
    /// writer.
    public static Future<File> open(Path path, OpenOption... options) {
        return open(path, 0666, options);
    }

    /// As [#open(Path, OpenOption...)]; a new file has `mode` minus the umask.
    public static Future<File> open(Path path, int mode, OpenOption... options) {
        if ((mode & ~07777) != 0) {
            throw new IllegalArgumentException("mode is 0" + Integer.toOctalString(mode) + ", must be at most 07777");
        }
        return new Open(path, OpenFlags.of(Set.copyOf(List.of(options))), mode);
    }

    /// Opens `path` for reading and writing. Creates the file if it does not exist, and truncates it if it exists.
    public static Future<File> create(Path path) {
        return open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING);
    }

    /// Creates a directory with mode 0777 minus the umask. Fails with `EEXIST` or `ENOENT` among others; see `mkdir(2)`.
    public static Future<Void> mkdir(Path path) {
        return new Mkdir(path);
    }

    // ---- at the cursor

    /// Reads at the cursor; 0 means end of file. Bytes that arrive from a pipe for a cancelled read are kept for the next
    /// one; without heap memory for them, every later read fails with `ENOMEM`. See `read(2)`.
    @Override
    public IntFuture read(Buffer buffer) {
        return read.transfer(buffer, 0, buffer.capacity());
    }

    /// Writes at the cursor, or at the end of the file if it was opened with `APPEND`. In both cases the cursor advances by
    /// the number of bytes written. See `write(2)`.
    @Override
    public IntFuture write(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return write.transfer(buffer, offset, length);
    }

    /// As [#write(Buffer, int, int)], with the bytes of all `slices` in order. See `writev(2)`.
    @Override
    public IntFuture write(Slice... slices) {
        return write.transfer(slices);
    }

    /// The position of the cursor, in bytes from the start of the file.
    public long position() {
        descriptor.checkThread();
        return cursor;
    }

    /// Sets the cursor to `position`, in bytes from the start of the file. A read or write in progress continues at its old
    /// position and does not move the cursor. Throws [IOException] with `ESPIPE` if the file has no position.
    public void seek(long position) throws IOException {
        descriptor.checkThread();
        check(position);
        if (!seekable) {
            throw Failure.of("seek", path, Errno.ESPIPE);
        }
        cursor = position;
        seeks++;
    }

    // ---- at a position

    /// Reads at most `buffer.capacity()` bytes at `position` to the start of `buffer`; does not move the cursor. Completes
    /// with the number of bytes; 0 means end of file. Any number of positioned reads and writes may be in flight. See
    /// `pread(2)`.
    public IntFuture readAt(Buffer buffer, long position) {
        return readAt(buffer, 0, buffer.capacity(), position);
    }

    /// As [#readAt(Buffer, long)], at most `length` bytes, to `offset` of `buffer`.
    public IntFuture readAt(Buffer buffer, int offset, int length, long position) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return positioned(position).read(buffer, offset, length, position);
    }

    /// Writes the `length` bytes of `buffer` from `offset` at `position`; does not move the cursor. Completes with the
    /// number of bytes written, which may be less than `length`. See `pwrite(2)`.
    public IntFuture writeAt(Buffer buffer, int offset, int length, long position) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return positioned(position).write(buffer, offset, length, position);
    }

    /// As [#writeAt(Buffer, int, int, long)], with the bytes of all `slices` in order. See `pwritev(2)`.
    public IntFuture writeAt(long position, Slice... slices) {
        return positioned(position).write(position, slices);
    }

    private PositionedIo positioned(long position) {
        descriptor.checkThread();
        check(position);
        PositionedIo io = idle.poll();
        return io != null ? io : new PositionedIo(this);
    }

    private static void check(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position is " + position + ", must not be negative");
        }
    }

    void idle(PositionedIo io) {
        idle.add(io);
    }

    // ---- the whole file

    /// The size in bytes. See `statx(2)`.
    public Future<Long> size() {
        descriptor.checkThread();
        return new Size(descriptor, this);
    }

    /// Waits until all completed writes are on the storage device. With `metadata` as `fsync(2)`; without as `fdatasync(2)`,
    /// which omits metadata that is not needed to read the data, such as timestamps.
    public Future<Void> sync(boolean metadata) {
        descriptor.checkThread();
        return new Sync(descriptor, this, metadata);
    }

    /// Closes the file. Operations in flight are cancelled; the descriptor is closed after the kernel has completed them.
    /// Idempotent. A close does not wait until the data is on the storage device; see [#sync].
    @Override
    public void close() {
        descriptor.close();
    }

    /// The path that was opened. Any thread.
    public Path path() {
        return path;
    }

    /// False if the file has no position, such as a pipe. Any thread.
    public boolean isSeekable() {
        return seekable;
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }

    @Override
    public String toString() {
        return "File(fd=" + descriptor.fd() + ", " + path + ")";
    }
}
