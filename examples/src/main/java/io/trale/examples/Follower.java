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

/// A file as one subscriber follows it: at a position of its own, and from one file of that name to the next when the
/// first is read to its end. Nothing waits here but one chunk: while there is no demand, ticks are counted by the kernel,
/// and the bytes are where they always were, in the file.
final class Follower {

    private static final int CHUNK_BYTES = 16 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final Object NO_FILE = new Object();

    private final Trale trale;
    private final Path path;
    private final boolean onlyNew;
    private final Buffer buffer = Buffer.allocate(CHUNK_BYTES);

    // For the loop alone.
    private File file;
    /// Which file it is, whatever its name is by now.
    private Object identity;
    private long position;

    private Follower(Trale trale, Path path, boolean onlyNew) {
        this.trale = trale;
        this.path = path;
        this.onlyNew = onlyNew;
    }

    /// The bytes of the file at `path`, from the start or `onlyNew` ones, and lines that say what else happens to it.
    /// Never completes. To be subscribed to and cancelled on the loop, as a send does.
    static Flux<ByteBuffer> of(Trale trale, Path path, Duration every, boolean onlyNew) {
        return Flux.using(() -> new Follower(trale, path, onlyNew),
                follower -> trale.ticks(Duration.ZERO, every).concatMap(tick -> follower.news(), 0),
                Follower::close);
    }

    /// All that is new by now.
    private Flux<ByteBuffer> news() {
        return Mono.fromCallable(() -> Files.readAttributes(path, BasicFileAttributes.class).fileKey())
                .onErrorReturn(NoSuchFileException.class, NO_FILE) // between a file that is renamed and its successor
                .subscribeOn(Schedulers.boundedElastic()) // since it blocks
                .flatMapMany(named -> next(named).repeat().takeWhile(ByteBuffer::hasRemaining));
    }

    /// The next news as a Mono of the task that looks for them.
    private Mono<ByteBuffer> next(Object named) {
        return Mono.<ByteBuffer>create(sink -> {
            JoinHandle<Void> task = Executor.spawn(async(() -> {
                try {
                    sink.success(look(named));
                } catch (CancellationException e) {
                    // nobody waits for it any more
                } catch (Exception e) {
                    sink.error(e);
                }
            }));
            sink.onCancel(task::abort);
        }).subscribeOn(trale.scheduler());
    }

    /// The next bytes, or a line, or nothing if there is nothing new; `named` is the file that had the name just before.
    ///
    /// As with `tail(1)`, a file that was truncated and has grown past our position since looks as if it had only grown.
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
        identity = named; // if it is yet another one by now, the next tick will tell, and that is read from its start
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
