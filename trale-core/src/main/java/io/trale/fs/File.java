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
/// Reads and writes go to a position that is named, or to the cursor, which is kept here: it moves by what a read or write
/// has brought once its result was taken, so a cancelled one moves nothing. What has no position, such as a pipe, is read
/// and written in order.
public final class File implements AsyncRead, AsyncWrite, AutoCloseable {

    private final Descriptor descriptor;
    private final Path path;
    private final boolean seekable;
    private final CursorIo read;
    private final CursorIo write;
    private final ArrayDeque<PositionedIo> idle = new ArrayDeque<>();
    long cursor;
    /// How often the cursor was put somewhere: what had begun before does not move it any more.
    int seeks;

    File(Descriptor descriptor, Path path) {
        this.descriptor = descriptor;
        this.path = path;
        seekable = descriptor.reactor().kernel().lseek(descriptor.fd(), 0, Files.SEEK_CUR) >= 0;
        read = new CursorIo(this, false);
        write = new CursorIo(this, true);
    }

    // ---- opening

    /// Opens `path`, to read if no option says otherwise; options as of [java.nio.file.Files#newByteChannel]. A new file
    /// has mode 0666 less the umask. Throws [java.nio.file.ProviderMismatchException] for a path of another file system than
    /// the default one, such as a zip file. A named pipe that is
    /// opened to write waits for a reader; one that is opened to read does not wait, but its first read does, for a writer.
    /// Fails with `ENOENT`, `EACCES`, `EISDIR` and more; see `open(2)`.
    public static Future<File> open(Path path, OpenOption... options) {
        return open(path, 0666, options);
    }

    /// As [#open(Path, OpenOption...)]; a new file has `mode`, less the umask.
    public static Future<File> open(Path path, int mode, OpenOption... options) {
        if ((mode & ~07777) != 0) {
            throw new IllegalArgumentException("mode is 0" + Integer.toOctalString(mode) + ", must be at most 07777");
        }
        return new Open(path, OpenFlags.of(Set.copyOf(List.of(options))), mode);
    }

    /// Opens `path` to read and write, empty: created if it is not there, truncated if it is.
    public static Future<File> create(Path path) {
        return open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING);
    }

    /// Makes a directory with mode 0777 less the umask. Fails with `EEXIST`, `ENOENT` and more; see `mkdir(2)`.
    public static Future<Void> mkdir(Path path) {
        return new Mkdir(path);
    }

    // ---- at the cursor

    /// Reads at the cursor; 0 means the end of the file. See `read(2)`.
    @Override
    public IntFuture read(Buffer buffer) {
        return read.transfer(buffer, 0, buffer.capacity());
    }

    /// Writes at the cursor, or at the end if the file was opened to append; the cursor moves by what was written, in both. See
    /// `write(2)`.
    @Override
    public IntFuture write(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return write.transfer(buffer, offset, length);
    }

    /// As [#write(Buffer, int, int)], of the bytes of all `slices`, one behind the other. See `writev(2)`.
    @Override
    public IntFuture write(Slice... slices) {
        return write.transfer(slices);
    }

    /// Where the cursor is, in bytes from the start.
    public long position() {
        descriptor.checkThread();
        return cursor;
    }

    /// Puts the cursor at `position`, in bytes from the start. A read or write under way is where it began, and leaves the
    /// cursor there. Throws [IOException] with `ESPIPE` for what has no position.
    public void seek(long position) throws IOException {
        descriptor.checkThread();
        check(position);
        if (!seekable) {
            throw Failure.of("seek(" + path + ")", Errno.ESPIPE);
        }
        cursor = position;
        seeks++;
    }

    // ---- at a position

    /// Reads into the start of `buffer`, at most its capacity, from `position`, and leaves the cursor alone. Completes with
    /// the count, 0 at or after the end. Any number of these may be in flight. See `pread(2)`.
    public IntFuture readAt(Buffer buffer, long position) {
        return readAt(buffer, 0, buffer.capacity(), position);
    }

    /// As [#readAt(Buffer, long)], at most `length` bytes, which go to `offset` of `buffer` and behind.
    public IntFuture readAt(Buffer buffer, int offset, int length, long position) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return positioned(position).read(buffer, offset, length, position);
    }

    /// Writes the `length` bytes of `buffer` from `offset`, or the first of them, to `position`, and leaves the cursor
    /// alone. Completes with the count. See `pwrite(2)`.
    public IntFuture writeAt(Buffer buffer, int offset, int length, long position) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return positioned(position).write(buffer, offset, length, position);
    }

    /// As [#writeAt(Buffer, int, int, long)], of the bytes of all `slices`, one behind the other. See `pwritev(2)`.
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

    // ---- the whole

    /// The size in bytes. See `statx(2)`.
    public Future<Long> size() {
        descriptor.checkThread();
        return new Size(this);
    }

    /// Waits until what was written is on the device, with (`metadata`) or without what only the directory tells. See
    /// `fsync(2)`.
    public Future<Void> sync(boolean metadata) {
        descriptor.checkThread();
        return new Sync(this, metadata);
    }

    /// Closes the file once the kernel has let go of what is in flight, which is cancelled. Idempotent. What was written
    /// is not on the device for that: see [#sync].
    @Override
    public void close() {
        descriptor.close();
    }

    /// The path it was opened by. Any thread.
    public Path path() {
        return path;
    }

    /// False for what has no position, such as a pipe. Any thread.
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
