package io.trale.reactive;

import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Where sends go out: the line of them, and the elements of the first in line that wait for the kernel.
///
/// One send after the other, and one operation in flight. How elements become operations is for the kind of outlet to
/// say; here is who comes next, what is dropped, and who is told. Loop thread only.
abstract class Outlet extends Operation {

    final Loop loop;

    /// Sends in the order of their subscription; the first is under way.
    private final ArrayDeque<Sending<?>> line = new ArrayDeque<>();

    /// Accepted and not yet taken by the kernel, of the first in line: see [Payload].
    final ArrayDeque<Object> elements = new ArrayDeque<>();
    long queuedBytes;

    private boolean untouched = true;
    private boolean settling;
    private boolean closing;
    private @Nullable IOException failure;

    Outlet(Loop loop, Descriptor descriptor) {
        super(descriptor);
        this.loop = loop;
    }

    /// Hands the kernel what waits, unless it is at it or has to wait.
    abstract void pump();

    /// Gives up what the kernel has seen nothing of.
    abstract void discardUnsent(Sending<?> owner);

    /// The operation with its descriptor, for messages.
    abstract String describe();

    /// False once the descriptor or the ring is closed, or about to be.
    final boolean isOpen() {
        return descriptor().isOpen() && loop.reactor.isAccepting();
    }

    /// What those are told whose send comes too late, or is cut off.
    final IOException closedException() {
        return new ConnectionClosedException(descriptor(), describe() + ": closed on this side");
    }

    /// User code threw `fatal` out of a signal of this outlet: see [LoopSubscription#broken].
    void broken(Throwable fatal) {
        loop.uncaught(fatal);
    }

    // ---- the line

    /// Puts `sending` in line, and starts it if it is the first.
    final void enqueue(Sending<?> sending) {
        untouched = false;
        IOException refusal = failure != null ? failure : closing ? closedException() : null;
        if (refusal != null) {
            sending.refuse(refusal);
            return;
        }
        line.add(sending);
        if (line.peek() == sending) {
            sending.begin();
        }
    }

    /// True if there was never a send.
    final boolean isUntouched() {
        return untouched;
    }

    /// The send under way, or null.
    final @Nullable Sending<?> first() {
        return line.peek();
    }

    /// The next in line, unless whoever was told of the end of the last one has started it already.
    private void next() {
        Sending<?> sending = line.peek();
        if (sending == null) {
            if (closing) {
                flushed();
            }
        } else if (!sending.hasBegun()) {
            sending.begin();
        }
    }

    // ---- the elements of the first in line

    /// How many bytes wait, where an element counts as one at least: of empty ones there is no end else.
    final long queuedBytes() {
        return Math.max(queuedBytes, elements.size());
    }

    /// Takes an element of the first in line.
    void accept(Object element, int size) {
        elements.add(element);
        queuedBytes += size;
        pump();
    }

    /// The first in line has changed its mind, or its source has ended: goes on from there.
    final void settle() {
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
        Sending<?> first = line.peek();
        if (first == null) {
            return false;
        }
        if (first.isCancelled() && !inFlight()) {
            discardUnsent(first);
        }
        if (!elements.isEmpty() || inFlight() || !first.isExhausted()) {
            return false;
        }
        line.remove(); // before anyone is told, who may come back here
        first.end(first.isCutOff() ? closedException() : null);
        next();
        return true;
    }

    /// Ends the first in line with `failure`, which is no concern of the others'. [#proceed] goes on with those.
    final void failFirst(IOException failure) {
        discardAll();
        Sending<?> first = line.remove();
        first.stopSource();
        first.end(failure);
        next();
    }

    /// Drops all elements that wait.
    final void discardAll() {
        Sending<?> first = line.peek();
        queuedBytes = 0;
        for (Object element; (element = elements.poll()) != null;) {
            if (first != null) {
                first.discard(element);
            }
        }
    }

    // ---- after each operation

    /// Why nothing will go out any more, or null.
    final @Nullable IOException failure() {
        return failure;
    }

    /// True when nothing will go out any more.
    final boolean hasFailed() {
        return failure != null;
    }

    /// The operation has ended, and what it took is gone from [#elements]: goes on.
    final void proceed() {
        Sending<?> first = line.peek();
        if (first != null && !first.isCancelled()) {
            first.replenish();
        }
        settle();
        pump();
    }

    // ---- the end

    /// No send starts any more; what was accepted still goes out, and then follows [#flushed].
    final void close() {
        if (closing) {
            return;
        }
        closing = true;
        Sending<?> first = line.peek();
        if (first == null) {
            flushed();
            return;
        }
        first.stopSource();
        while (line.size() > 1) {
            line.removeLast().end(closedException());
        }
        settle();
    }

    /// All that was accepted before [#close] has gone out.
    void flushed() {
        descriptor().close();
    }

    /// Closes the descriptor; nothing goes out any more.
    final void abort() {
        closing = true;
        fail(closedException());
        descriptor().close();
    }

    /// Ends all sends in line with `failure`, and every later one. Only the first failure counts.
    void fail(IOException failure) {
        if (this.failure != null) {
            return;
        }
        this.failure = failure;
        discardAll();
        while (!line.isEmpty()) {
            Sending<?> sending = line.remove();
            sending.stopSource();
            sending.end(failure);
        }
        if (closing) {
            descriptor().close();
        }
    }
}
