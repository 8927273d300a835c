package io.trale.reactive.file;

import io.trale.fs.File;
import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.linux.Net;
import io.trale.reactive.ReadOptions;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.LoopSubscription;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactor.BlockPool;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Sqe;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// One subscription to the bytes of a file.
///
/// There are as many reads in flight as there is demand, up to a few, each at its position. They complete in any order, and
/// their bytes are emitted in the order of the file. If a read returns fewer bytes than requested, the data of later reads does
/// not follow it directly: they are discarded, and from then on there is one read at a time. So the end of the file is where a
/// read returns 0. The size of the file is not used: files such as those of `/proc` have none.
public final class FileSubscription extends LoopSubscription<ByteBuffer> {

    private final Future<File> opening;
    private final Waker waker = this::drain;
    private final long offset;
    private final long end;
    private int chunkBytes;
    private int depth;
    private @Nullable File file;

    /// Reads in flight, and completed reads that are not emitted, in the order of the file.
    private final ArrayDeque<Read> reads = new ArrayDeque<>();
    private final ArrayDeque<Read> idle = new ArrayDeque<>();
    /// Reads in flight whose data will be discarded, because an earlier read was short.
    private int abandoned;
    /// Where the next element begins, and where the next read begins, in bytes from the start of the file.
    private long position;
    private long ahead;

    private boolean stopped;
    /// The subscriber's context, for what completes after a cancel.
    private Context late = Context.empty();

    /// The bytes of the file at `path`, which is opened for each subscription: see [io.trale.reactive.Trale#read(Path,
    /// ReadOptions)].
    public static Flux<ByteBuffer> flux(Loop loop, Path path, ReadOptions options) {
        FileNames.check(path);
        Objects.requireNonNull(options);
        return new SourceFlux<ByteBuffer>("traleRead", actual -> new FileSubscription(loop, File.open(path), options, actual))
                .assembled();
    }

    private FileSubscription(Loop loop, Future<File> opening, ReadOptions options, CoreSubscriber<? super ByteBuffer> actual) {
        super(loop, actual);
        this.opening = opening;
        offset = options.offset();
        end = offset + Math.min(options.length(), Long.MAX_VALUE - offset);
        chunkBytes = options.chunk();
        depth = options.depth();
    }

    private BlockPool blocks() {
        return loop.reactor.pools().fileBlocks();
    }

    @Override
    protected void progress() {
        try {
            while (!isOver()) {
                if (loop.isClosing()) {
                    closed();
                } else if (file == null) {
                    if (!opening.poll(waker)) {
                        return;
                    }
                    opened(opening.result());
                } else if (position == end) {
                    complete();
                } else if (!emit()) {
                    readAhead(file);
                    return;
                }
            }
        } catch (Exception e) {
            abandonReads();
            fail(e);
        }
    }

    private void opened(File file) throws ErrnoException {
        this.file = file;
        loop.opened(file.descriptor(), waker::wake);
        if (!file.isSeekable()) {
            if (offset > 0) {
                throw failure("lseek", Errno.ESPIPE);
            }
            depth = 1;
        }
        depth = Math.min(depth, blocks().count()); // a read without a block would only wait
        chunkBytes = Math.min(chunkBytes, blocks().blockBytes());
        position = offset;
        ahead = offset;
    }

    /// Emits the data of the first read, or completes at the end of the file. Returns false if the read is not complete or
    /// there is no demand.
    private boolean emit() throws ErrnoException {
        Read first = reads.peek();
        if (first == null || !first.done || !wanted()) {
            return false;
        }
        reads.remove();
        idle.push(first);
        if (first.result < 0) {
            throw failure("read", -first.result);
        }
        if (first.bytes == null) {
            abandonReads();
            complete();
            return true;
        }
        position += first.result;
        if (first.result < first.length) {
            abandonReads();
            depth = 1;
            ahead = position;
        }
        next(first.bytes);
        return true;
    }

    /// Starts as many reads as there is demand for.
    private void readAhead(File file) {
        while (ahead < end && reads.size() + abandoned < Math.min(depth, demand())) {
            Read read = idle.isEmpty() ? new Read(file) : idle.pop();
            reads.add(read);
            read.begin(ahead, (int) Math.min(chunkBytes, end - ahead));
            ahead += read.length;
        }
    }

    /// Discards all reads beyond [#position].
    private void abandonReads() {
        for (Read read : reads) {
            if (read.done) {
                idle.push(read);
            } else {
                read.abandoned = true;
                abandoned++;
            }
        }
        reads.clear();
    }

    @Override
    protected void stop() {
        stopped = true;
        late = context();
        for (Read read : reads) {
            if (read.done && read.bytes != null) {
                Operators.onDiscard(read.bytes, late);
            }
        }
        if (file != null) {
            file.close();
        } else {
            opening.cancel();
        }
    }

    @Override
    protected Throwable cutOff() {
        return Loop.closedException();
    }

    private ErrnoException failure(String call, int errno) {
        return Failure.of(call + "(" + file + ")", errno);
    }

    /// One read, which is reused.
    private final class Read extends Operation {

        private final File file;
        private long at;
        private int length;
        /// True while a poll waits for data, before the read.
        private boolean waiting;
        private int block = -1;
        private boolean abandoned;
        private boolean done;
        private int result;
        private @Nullable ByteBuffer bytes;

        Read(File file) {
            super(file.descriptor());
            this.file = file;
        }

        /// Starts a read of `length` bytes at `at`. A file without a position, such as a pipe, may have no data for a long
        /// time: there, a poll waits first, without a block.
        void begin(long at, int length) {
            this.at = at;
            this.length = length;
            abandoned = false;
            done = false;
            bytes = null;
            stage(!file.isSeekable());
        }

        private void stage(boolean waiting) {
            this.waiting = waiting;
            if (waiting) {
                loop.reactor.stage(this);
            } else {
                blocks().stage(this);
            }
        }

        @Override
        protected void fill(Sqe sqe) {
            if (waiting) {
                sqe.prepPoll(descriptor().fd(), Net.POLLIN);
            } else {
                block = blocks().take();
                sqe.prepRead(descriptor().fd(), blocks().segment(block).address(), length, file.isSeekable() ? at : -1);
            }
        }

        @Override
        protected void complete(int result, int flags) {
            int outcome = -Errno.ENOMEM; // if this throws
            try {
                if (block >= 0 && result > 0) {
                    bytes = ByteBuffer.wrap(Unread.copyOf(blocks().segment(block), result));
                }
                outcome = result;
            } finally {
                ended(outcome);
            }
        }

        private void ended(int result) {
            if (block >= 0) {
                blocks().give(block);
                block = -1;
            }
            if (abandoned) {
                FileSubscription.this.abandoned--;
                idle.push(this);
            } else if (stopped) {
                drop(result);
            } else if (!loop.isClosing() && (waiting || result == -Errno.EINTR || result == -Errno.EAGAIN)) {
                stage(result == -Errno.EAGAIN || waiting && result == -Errno.EINTR);
                return;
            } else {
                done = true;
                this.result = result;
            }
            drain();
        }

        /// Completed after a cancel.
        private void drop(int result) {
            if (bytes != null) {
                Operators.onNextDropped(bytes, late);
            } else if (result < 0 && result != -Errno.ECANCELED && result != -Errno.EINTR) {
                Operators.onErrorDropped(failure("read", -result), late);
            }
        }
    }
}
