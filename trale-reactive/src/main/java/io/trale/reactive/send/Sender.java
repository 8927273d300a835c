package io.trale.reactive.send;

import io.trale.leaf.WritableWait;
import io.trale.linux.Errno;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/// The sends of one socket or file, in line, and the elements of the current one that the kernel has not taken yet.
///
/// Sends go out one after the other, with one operation in flight. A subclass turns elements into operations. This class
/// decides which send is next, which elements are discarded, and which subscriber is signalled.
///
/// **No room.** Operations never wait inside the kernel, where they would hold native memory. If the kernel takes nothing,
/// the memory is released, and a [WritableWait] takes the place of the operation. So a peer that does not read costs heap, up
/// to the window, and nothing else. Loop thread only.
public abstract class Sender extends Operation {

    private enum State {
        /// Sends are accepted.
        OPEN,
        /// [#close] was called, so no send begins. What was accepted still goes out. Then [#flushed] is called.
        CLOSING,
        /// Nothing goes out any more. The descriptor stays open: the peer may still send.
        FAILED,
        /// As FAILED, and the descriptor is closed: the failure came while CLOSING, or it is [#abort].
        CLOSED
    }

    /// How many sends may be pending if nothing else is set.
    static final int MAX_PENDING = 1024;

    public final Loop loop;

    private State state = State.OPEN;
    /// Why nothing goes out any more; null while something may.
    private @Nullable IOException failure;

    /// The send that accepts elements, or whose elements go out.
    private @Nullable SendSubscriber<?> current;
    /// The sends behind it, in the order of their subscription. A set, since any of them may be cancelled.
    private final LinkedHashSet<SendSubscriber<?>> line = new LinkedHashSet<>();
    private boolean untouched = true;
    /// How many sends may be pending; set by any thread.
    private volatile int maxPending = MAX_PENDING;
    /// How many sends are pending, the current one included; written by the loop alone.
    private volatile int pending;

    /// Accepted and not yet taken by the kernel, of the current send: see [Payload].
    protected final ArrayDeque<Object> elements = new ArrayDeque<>();
    protected long queuedBytes;
    /// How many bytes of the first element the kernel has taken.
    protected int taken;

    private final WritableWait writable;
    /// The operation in flight waits for room, and sends nothing.
    private boolean awaitsRoom;
    /// True inside [#progress].
    private boolean progressing;

    protected Sender(Loop loop, Descriptor descriptor) {
        super(descriptor);
        this.loop = loop;
        writable = new WritableWait(descriptor);
    }

    /// Stages this, to send the first of [#elements], or more of them.
    protected abstract void stage();

    /// Takes memory, and prepares the entry.
    protected abstract void prepare(Sqe sqe);

    /// The operation has ended: releases its memory.
    protected abstract void release();

    /// The operation has ended with `result`: removes from [#elements] what the kernel has taken, or calls [#fail]. Not called
    /// if this has failed meanwhile.
    protected abstract void sent(int result);

    /// The operation with its descriptor, for messages.
    protected abstract String describe();

    /// User code threw `fatal` out of a signal of this sender: see [io.trale.reactive.loop.LoopSubscription#broken].
    protected void broken(Throwable fatal) {
        loop.uncaught(fatal);
    }

    /// The error of a send that comes too late, or is cut off.
    protected final IOException closedException() {
        return new ConnectionClosedException(descriptor(), describe() + ": closed on this side");
    }

    // ---- the line

    /// Adds `send` to the line. Returns why it is refused; null if it is not.
    final @Nullable Throwable enqueue(SendSubscriber<?> send) {
        untouched = false;
        Throwable refusal = failure != null ? failure : state == State.CLOSING ? closedException()
                : pending < maxPending ? null : Exceptions.failWithOverflow(
                        describe() + ": " + pending + " sends are pending, the most that maxPendingSends allows");
        if (refusal == null) {
            if (current == null && line.isEmpty() && !progressing) {
                current = send; // which begins now
            } else {
                line.add(send);
            }
            count();
            progress();
        }
        return refusal;
    }

    /// Takes `send` out of the line; returns false if it does not wait there.
    final boolean withdraw(SendSubscriber<?> send) {
        boolean waited = line.remove(send);
        count();
        return waited;
    }

    private void count() {
        pending = line.size() + (current == null ? 0 : 1);
    }

    /// How many sends are pending: the current one, and those in line. Any thread.
    public final int pending() {
        return pending;
    }

    /// From now on a send is refused if `count` others are pending. Any thread.
    public final void maxPending(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("maxPendingSends is " + count + ", must be at least 1");
        }
        maxPending = count;
    }

    /// True if there was never a send.
    public final boolean isUntouched() {
        return untouched;
    }

    /// The current send, or null.
    protected final @Nullable SendSubscriber<?> current() {
        return current;
    }

    /// Accepts an element of the current send. [#progress] follows.
    void accept(Object element, int size) {
        elements.add(element);
        queuedBytes += size;
    }

    /// How many bytes wait, where an element counts as one at least: of empty ones there is no end else.
    public final long queuedBytes() {
        return Math.max(queuedBytes, elements.size());
    }

    /// Acts on all that may have changed: requests elements, ends the current send if it is done, begins the next, and stages
    /// the next operation. A call from inside is left to the one that is under way.
    public final void progress() {
        if (progressing) {
            return;
        }
        progressing = true;
        try {
            while (proceeds()) {}
        } finally {
            progressing = false;
        }
        if (failure == null && hasOutput() && !inFlight()) {
            if (loop.isOpen(descriptor())) {
                stage();
            } else {
                fail(closedException());
            }
        }
    }

    /// Returns false if the current send has to wait, or there is none.
    private boolean proceeds() {
        SendSubscriber<?> send = current;
        if (send == null) {
            if (line.isEmpty()) {
                if (state == State.CLOSING && !hasOutput() && !inFlight()) {
                    flushed();
                }
                return false;
            }
            current = line.removeFirst();
            return true;
        }
        boolean more = send.progress();
        if (send != current) {
            return true; // it was ended meanwhile
        }
        boolean sending = inFlight() && !awaitsRoom;
        if (send.isCancelled() && !sending) {
            discardUnsent();
        }
        if (more || sending || !elements.isEmpty() || hasOutput()) {
            return false;
        }
        endCurrent(null);
        return true;
    }

    /// True if there is something to stage an operation for now.
    protected boolean hasOutput() {
        return !elements.isEmpty();
    }

    /// How many bytes of [#elements] have gone out, or cannot be taken back.
    protected int begunBytes() {
        return taken;
    }

    /// Discards what has not begun to go out.
    private void discardUnsent() {
        ArrayDeque<Object> begun = new ArrayDeque<>();
        long bytes = -taken;
        for (int left = begunBytes(); left > 0;) {
            Object element = elements.remove();
            begun.add(element);
            left -= Payload.size(element);
            bytes += Payload.size(element);
        }
        discardAll();
        elements.addAll(begun);
        queuedBytes = Math.max(bytes, 0);
        if (awaitsRoom && !hasOutput()) {
            loop.reactor.cancel(this);
        }
    }

    private void discardAll() {
        SendSubscriber<?> send = current;
        queuedBytes = 0;
        for (Object element; (element = elements.poll()) != null;) {
            if (send != null) {
                Payload.discard(element, send.currentContext());
            }
        }
    }

    /// Ends the current send: with `reason`, or by the end of its source if that is null.
    protected final void endCurrent(@Nullable IOException reason) {
        discardAll();
        SendSubscriber<?> send = current;
        if (send != null) {
            current = null; // before the signal: the subscriber may call this
            count();
            send.end(reason);
        }
    }

    private void endLine(IOException reason) {
        while (!line.isEmpty()) {
            SendSubscriber<?> send = line.removeFirst();
            count();
            send.end(reason);
        }
    }

    // ---- the operation

    @Override
    protected final void fill(Sqe sqe) {
        if (awaitsRoom) {
            writable.prepare(sqe);
        } else {
            prepare(sqe);
        }
    }

    @Override
    protected final void complete(int result, int flags) {
        try {
            if (awaitsRoom) {
                awaitsRoom = false;
                if (writable.isFalseAlarm(result)) {
                    awaitRoom();
                }
            } else {
                release();
                if (failure == null) {
                    sent(result);
                }
            }
        } catch (Throwable t) { // most likely an OutOfMemoryError: it is unknown what was sent, so nothing may be sent after it
            fail(new IOException(describe() + ": failed because of " + t, t));
        }
        progress();
    }

    /// True while the kernel takes nothing.
    protected final boolean awaitsRoom() {
        return awaitsRoom;
    }

    /// Waits until the kernel takes more, and sends nothing until then.
    protected final void awaitRoom() {
        if (descriptor().isOpen()) {
            awaitsRoom = true;
            loop.reactor.stage(this);
        }
    }

    /// True if an operation that failed with `errno` is to be repeated. After `EAGAIN` this waits for room. After `EINTR` the
    /// operation is repeated at once. After `ECANCELED` the descriptor is being closed, which [#progress] finds out.
    protected final boolean isRepeated(int errno) {
        switch (errno) {
            case Errno.EAGAIN -> awaitRoom();
            case Errno.EINTR, Errno.ECANCELED -> { }
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---- the end

    /// Why nothing goes out any more; null while something may.
    public final @Nullable IOException failure() {
        return failure;
    }

    /// No send begins any more. What was accepted still goes out; then [#flushed] is called.
    public final void close() {
        switch (state) {
            case OPEN -> {
                state = State.CLOSING;
                if (current != null) {
                    current.stop();
                }
                endLine(closedException());
                progress();
            }
            case FAILED -> flushed();
            case CLOSING, CLOSED -> { }
        }
    }

    /// All that was accepted before [#close] has gone out. May be called again.
    protected void flushed() {
        descriptor().close();
    }

    /// Fails every send with `reason`, and every later one. Only the first failure counts.
    protected final void fail(IOException reason) {
        fail(reason, state == State.CLOSING ? State.CLOSED : State.FAILED);
    }

    /// Closes the descriptor; nothing goes out any more.
    public final void abort() {
        fail(closedException(), State.CLOSED);
    }

    /// Called before the first failure ends the sends: notifies the current one of what the kernel has taken.
    protected void failing() {}

    private void fail(IOException reason, State next) {
        if (failure == null) {
            failing();
        }
        if (failure == null) { // else [#failing] has had that happen
            failure = reason;
            state = next;
            endCurrent(reason);
            endLine(reason);
        }
        if (next == State.CLOSED) {
            descriptor().close();
        }
    }
}
