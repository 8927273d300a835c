package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.fs.File;
import io.trale.io.Buffer;
import io.trale.reactive.Trale;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// Follows a file for one subscriber, as `tail -F` does.
///
/// It has its own read position. If another file gets the name, it reads the old file to its end and then continues with the
/// new one. It buffers one chunk at most: without demand the kernel counts the ticks, and unread bytes stay in the file.
final class Follower {

    private static final int CHUNK_BYTES = 16 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final Object NO_FILE = new Object();

    private final Trale trale;
    private final Path path;
    private final boolean onlyNew;
    private final Buffer buffer = Buffer.allocate(CHUNK_BYTES);

    // Loop thread only.
    private File file;
    /// The file key of `file`, which stays the same if the file is renamed.
    private Object identity;
    private long position;

    private Follower(Trale trale, Path path, boolean onlyNew) {
        this.trale = trale;
        this.path = path;
        this.onlyNew = onlyNew;
    }

    /// The bytes of the file at `path`, from its start or, with `onlyNew`, from its current end; also lines that report a
    /// truncation or replacement. Never completes. Subscribe and cancel on the loop thread, as a send does.
    static Flux<ByteBuffer> of(Trale trale, Path path, Duration every, boolean onlyNew) {
        return Flux.using(() -> new Follower(trale, path, onlyNew),
                follower -> trale.ticks(Duration.ZERO, every).concatMap(tick -> follower.news(), 0),
                Follower::close);
    }

    /// All bytes and lines that are new at this tick.
    private Flux<ByteBuffer> news() {
        return Mono.fromCallable(() -> Files.readAttributes(path, BasicFileAttributes.class).fileKey())
                .onErrorReturn(NoSuchFileException.class, NO_FILE) // the old file is renamed, the new one not yet created
                .subscribeOn(Schedulers.boundedElastic()) // it blocks
                .flatMapMany(named -> next(named).repeat().takeWhile(ByteBuffer::hasRemaining));
    }

    /// Runs [#look] as a task on the loop.
    private Mono<ByteBuffer> next(Object named) {
        return Mono.<ByteBuffer>create(sink -> {
            JoinHandle<Void> task = Executor.spawn(async(() -> {
                try {
                    sink.success(look(named));
                } catch (CancellationException e) {
                    // the subscriber has cancelled
                } catch (Exception e) {
                    sink.error(e);
                }
            }));
            sink.onCancel(task::abort);
        }).subscribeOn(trale.scheduler());
    }

    /// The next chunk of bytes, or a line, or an empty buffer if nothing is new. `named` is the key of the file at `path`.
    ///
    /// As with `tail(1)`, a truncation is not detected if the file has grown past our position since.
    private ByteBuffer look(Object named) throws Exception {
        if (file != null) {
            int count = await(file.readAt(buffer, position));
            if (count > 0) {
                position += count;
                return ByteBuffer.wrap(buffer.segment().asSlice(0, count).toArray(JAVA_BYTE));
            }
            if (await(file.size()) < position) {
                position = 0;
                return line("truncated");
            }
        }
        if (named == NO_FILE || named.equals(identity)) {
            return NOTHING;
        }
        boolean first = file == null;
        File successor = await(File.open(path));
        close(file);
        file = successor;
        identity = named; // if the file was replaced again, the next tick detects that
        position = first && onlyNew ? await(file.size()) : 0;
        return line(first ? path.toString() : "replaced");
    }

    private static ByteBuffer line(String what) {
        return ByteBuffer.wrap(("==> " + what + " <==\n").getBytes(StandardCharsets.UTF_8));
    }

    private void close() {
        close(file);
        buffer.close();
    }

    private static void close(File file) {
        if (file != null) {
            file.close();
        }
    }
}
