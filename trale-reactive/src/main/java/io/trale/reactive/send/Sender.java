package io.trale.reactive.send;

import io.trale.linux.Errno;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/// The sends of one socket or file, in line, and the elements of the first that the kernel has not taken yet.
///
/// Sends go out one after the other, with one operation in flight. A subclass turns elements into operations. This class
/// decides which send is next, which elements are discarded, and which subscriber is signalled.
///
/// **No room.** Operations never wait inside the kernel, where they would hold native memory. If the kernel takes nothing,
/// the memory goes back, and a [WritablePoll] waits in its place. So a peer that does not read costs heap, up to the window,
/// and nothing else. Loop thread only.
public abstract class Sender extends Operation {

    /// How many sends may be pending if nothing else is said.
    static final int MAX_PENDING = 1024;

    public final Loop loop;

    /// The send under way.
    private @Nullable SendSubscriber<?> current;
    /// The sends behind it, in the order of their subscription. A set, since any of them may be cancelled.
    private final LinkedHashSet<SendSubscriber<?>> waiting = new LinkedHashSet<>();
    /// How many sends may be pending; set by any thread.
    private volatile int maxPending = MAX_PENDING;
    /// How many sends are pending, the one under way included; written by the loop alone.
    private volatile int pending;

    /// Accepted and not yet taken by the kernel, of the first in line: see [Payload].
    protected final ArrayDeque<Object> elements = new ArrayDeque<>();
    protected long queuedBytes;

    private final WritablePoll writable;
    private boolean untouched = true;
    private boolean settling;
    private boolean closing;
    private @Nullable IOException failure;

    @SuppressWarnings("this-escape") // the wait runs this in a later turn
    protected Sender(Loop loop, Descriptor descriptor) {
        super(descriptor);
        this.loop = loop;
        writable = new WritablePoll(descriptor, () -> {
            settle();
            pump(); // also if the wait has failed: the next operation fails with the reason
        });
    }

    /// Gives the next elements to the kernel, unless an operation is in flight or [#isWaiting].
    protected abstract void pump();

    /// Gives up what the kernel has seen nothing of.
    protected abstract void discardUnsent(SendSubscriber<?> owner);

    /// The operation with its descriptor, for messages.
    protected abstract String describe();

    /// False once the descriptor or the ring is closed, or about to be.
    protected final boolean isOpen() {
        return descriptor().isOpen() && loop.reactor.isAccepting();
    }

    /// What those are told whose send comes too late, or is cut off.
    protected final IOException closedException() {
        return new ConnectionClosedException(descriptor(), describe() + ": closed on this side");
    }

    /// User code threw `fatal` out of a signal of this outlet: see [io.trale.reactive.loop.LoopSubscription#broken].
    protected void broken(Throwable fatal) {
        loop.uncaught(fatal);
    }

    // ---- room

    /// True while the kernel takes nothing, and no operation may be staged.
    protected final boolean isWaiting() {
        return writable.isAwaited();
    }

    /// Waits until the kernel takes more.
    protected final void awaitRoom() {
        writable.await();
    }

    /// Ends the wait: there is nothing left to send.
    protected final void stopWaiting() {
        writable.cancel();
    }

    /// True if an operation that failed with `errno` is to be repeated. After `EAGAIN` this waits for room. After `EINTR` the
    /// operation is repeated at once. After `ECANCELED` the descriptor is being closed, which [#pump] finds out.
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

    // ---- the line

    /// Puts `sending` in line, and starts it if it is the first.
    final void enqueue(SendSubscriber<?> sending) {
        untouched = false;
        Throwable refusal = failure != null ? failure : closing ? closedException() : pending >= maxPending ? overflow() : null;
        if (refusal != null) {
            sending.refuse(refusal);
        } else if (current == null && waiting.isEmpty()) {
            begin(sending);
        } else {
            waiting.add(sending);
            count();
        }
    }

    private RuntimeException overflow() {
        return Exceptions.failWithOverflow(describe() + ": " + pending + " sends are pending, the most that maxPendingSends allows");
    }

    /// Takes `sending` out of the line; returns false if it does not wait there.
    final boolean withdraw(SendSubscriber<?> sending) {
        boolean waited = waiting.remove(sending);
        count();
        return waited;
    }

    /// How many sends are pending: under way, or in line. Any thread.
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

    private void count() {
        pending = waiting.size() + (current == null ? 0 : 1);
    }

    private void begin(SendSubscriber<?> sending) {
        current = sending;
        count();
        sending.begin();
    }

    /// True if there was never a send.
    public final boolean isUntouched() {
        return untouched;
    }

    /// The send under way, or null.
    protected final @Nullable SendSubscriber<?> first() {
        return current;
    }

    /// The send under way has ended: `sending` was it.
    private void finish(SendSubscriber<?> sending, @Nullable Throwable failure) {
        current = null; // before the subscriber is told, which may come back here
        count();
        sending.end(failure);
    }

    /// Starts the next in line, unless a subscriber that was told of an end has done so already.
    private void next() {
        if (current != null) {
            return;
        }
        if (!waiting.isEmpty()) {
            begin(waiting.removeFirst());
        } else if (closing) {
            flushed();
        }
    }

    private void endWaiting(IOException failure) {
        while (!waiting.isEmpty()) {
            SendSubscriber<?> sending = waiting.removeFirst();
            count();
            sending.end(failure);
        }
    }

    // ---- the elements of the first in line

    /// How many bytes wait, where an element counts as one at least: of empty ones there is no end else.
    public final long queuedBytes() {
        return Math.max(queuedBytes, elements.size());
    }

    /// Takes an element of the first in line.
    void accept(Object element, int size) {
        elements.add(element);
        queuedBytes += size;
        pump();
    }

    /// The first in line has changed its mind, or its source has ended: goes on from there.
    protected final void settle() {
        if (!settling) { // else the loop below looks again: a line of any length takes no more stack than one
            settling = true;
            try {
                while (settleFirst()) {}
            } finally {
                settling = false;
            }
        }
    }

    /// Returns true if the first in line was done, and so there may be more to do.
    private boolean settleFirst() {
        SendSubscriber<?> first = current;
        if (first == null) {
            return false;
        }
        if (first.isCancelled() && !inFlight()) {
            discardUnsent(first);
        }
        if (!elements.isEmpty() || inFlight() || !first.isExhausted()) {
            return false;
        }
        finish(first, null);
        next();
        return true;
    }

    /// Ends `first`, the send under way, with `failure`, which is no concern of the others'. [#proceed] goes on with those.
    protected final void failFirst(SendSubscriber<?> first, IOException failure) {
        discardAll();
        first.stop();
        finish(first, failure);
        next();
    }

    /// Drops all elements that wait.
    protected final void discardAll() {
        SendSubscriber<?> first = current;
        queuedBytes = 0;
        for (Object element; (element = elements.poll()) != null;) {
            if (first != null) {
                first.discard(element);
            }
        }
    }

    // ---- after each operation

    /// Handles the end of the operation. If this throws, it is unknown what was sent, so nothing more may be sent after it.
    protected abstract void completed(int result);

    @Override
    protected final void complete(int result, int flags) {
        try {
            completed(result);
        } catch (Throwable t) { // most likely an OutOfMemoryError
            fail(new IOException(describe() + ": failed because of " + t, t));
        }
    }

    /// Why nothing will go out any more, or null.
    public final @Nullable IOException failure() {
        return failure;
    }

    /// True when nothing will go out any more.
    protected final boolean hasFailed() {
        return failure != null;
    }

    /// The operation has ended, and what it took is gone from [#elements]: goes on.
    protected final void proceed() {
        SendSubscriber<?> first = current;
        if (first != null) {
            first.progress();
        }
        settle();
        pump();
    }

    // ---- the end

    /// No send starts any more; what was accepted still goes out, and then follows [#flushed].
    public final void close() {
        if (closing) {
            return;
        }
        closing = true;
        SendSubscriber<?> first = current;
        if (first != null) {
            first.stop();
        }
        endWaiting(closedException());
        if (current == null) {
            flushed();
        } else {
            settle();
        }
    }

    /// All that was accepted before [#close] has gone out.
    protected void flushed() {
        descriptor().close();
    }

    /// Closes the descriptor; nothing goes out any more.
    public final void abort() {
        closing = true;
        fail(closedException());
        descriptor().close();
    }

    /// Ends all sends in line with `failure`, and every later one. Only the first failure counts.
    protected void fail(IOException failure) {
        if (this.failure != null) {
            return;
        }
        this.failure = failure;
        discardAll();
        SendSubscriber<?> first = current;
        if (first != null) {
            first.stop();
            finish(first, failure);
        }
        endWaiting(failure);
        if (closing) {
            descriptor().close();
        }
    }
}
