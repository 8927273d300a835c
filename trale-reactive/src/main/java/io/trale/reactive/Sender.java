package io.trale.reactive;

import io.trale.linux.Errno;
import io.trale.reactor.BlockPool;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Writes to a descriptor: the line of sends, the elements of the first of them, one operation in flight.
///
/// What is accepted while an operation is in flight goes out together with the next, as much as fits into one block of
/// native memory: that is the whole flush strategy. When the descriptor takes less than that, a poll for writability is
/// armed, and what is left is copied again when there is room; meanwhile no block is held.
///
/// Loop thread only.
abstract class Sender extends Operation {

    final Loop loop;
    private final Writable writable;

    /// Sends in the order of their subscription; the first is under way.
    private final ArrayDeque<Sending> line = new ArrayDeque<>();

    /// Accepted and not yet taken by the kernel, of the first in line.
    private final ArrayDeque<ByteBuffer> elements = new ArrayDeque<>();
    private long queuedBytes;
    /// How many bytes of the first element the kernel has taken.
    private int taken;

    /// The block in the kernel's hands, or -1, and how much of it counts.
    private int block = -1;
    private int blockLength;
    /// Why an element could not be copied: its memory is freed, or another thread's, or it was moved while it waited.
    private @Nullable RuntimeException unreadable;

    private boolean settling;
    private boolean closing;
    private @Nullable IOException failure;

    Sender(Loop loop, Descriptor descriptor) {
        super(descriptor);
        this.loop = loop;
        writable = new Writable(descriptor, () -> {
            settle();
            pump(); // also after an error, which the operation itself will name
        });
    }

    /// The pool whose blocks the elements are copied into.
    abstract BlockPool blocks();

    /// Prepares the entry that writes the `length` bytes at `address`.
    abstract void prepare(Sqe sqe, long address, int length);

    /// What [#prepare] asks for, with its arguments: how failures begin.
    abstract String operation();

    private boolean isOpen() {
        return descriptor().isOpen() && loop.reactor.isAccepting();
    }

    /// Why nothing can be sent any more, when it was we who closed.
    final IOException closedException() {
        return new ConnectionClosedException(operation() + ": closed on this side");
    }

    // ---- the line

    /// Puts `sending` in line, and starts it if it is the first.
    final void enqueue(Sending sending) {
        IOException refusal = refusal();
        if (refusal != null) {
            sending.end(refusal);
            return;
        }
        line.add(sending);
        if (line.peek() == sending) {
            sending.begin();
        }
    }

    private @Nullable IOException refusal() {
        return failure != null ? failure : closing ? closedException() : null;
    }

    /// The next in line, unless whoever was told of the end of the last one has started it already.
    private void next() {
        Sending sending = line.peek();
        if (sending == null) {
            if (closing) {
                descriptor().close();
            }
        } else if (!sending.hasBegun()) {
            sending.begin();
        }
    }

    // ---- the elements of the first in line

    /// How many bytes wait.
    final long queuedBytes() {
        return queuedBytes;
    }

    /// Takes an element of the first in line. The buffer's position and limit are read and left as they are.
    final void accept(ByteBuffer element) {
        elements.add(element);
        queuedBytes += element.remaining();
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
        Sending first = line.peek();
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

    /// Drops what the kernel has seen nothing of: a cancelled send stops at the boundary of an element.
    private void discardUnsent(Sending owner) {
        ByteBuffer begun = taken > 0 ? elements.poll() : null;
        owner.discard(elements);
        elements.clear();
        queuedBytes = 0;
        if (begun != null) {
            elements.add(begun);
            queuedBytes = begun.remaining() - taken;
        } else {
            writable.cancel();
        }
    }

    // ---- the kernel

    private void pump() {
        if (!elements.isEmpty() && !inFlight() && !writable.isWaiting()) {
            if (isOpen()) {
                blocks().stage(this);
            } else {
                fail(closedException());
            }
        }
    }

    @Override
    protected final void fill(Sqe sqe) {
        block = blocks().take();
        MemorySegment memory = blocks().segment(block);
        int length = 0;
        int skip = taken;
        try {
            for (ByteBuffer element : elements) {
                int count = Math.min(element.remaining() - skip, (int) memory.byteSize() - length);
                copy(element, element.position() + skip, memory, length, count);
                length += count;
                skip = 0;
                if (length == memory.byteSize()) {
                    break;
                }
            }
        } catch (RuntimeException e) {
            unreadable = e;
        }
        blockLength = length;
        prepare(sqe, memory.address(), length);
    }

    private static void copy(ByteBuffer from, int index, MemorySegment to, int offset, int count) {
        if (from.hasArray()) {
            MemorySegment.copy(from.array(), from.arrayOffset() + index, to, ValueLayout.JAVA_BYTE, offset, count);
        } else {
            MemorySegment.copy(MemorySegment.ofBuffer(from), index - from.position(), to, offset, count);
        }
    }

    @Override
    protected final void complete(int result, int flags) {
        if (block >= 0) {
            blocks().give(block);
            block = -1;
        }
        int asked = blockLength;
        blockLength = 0;
        if (failure != null) {
            return; // aborted meanwhile
        }
        if (unreadable != null || result > 0 && !advance(result)) {
            fail(new IOException(operation() + ": an element was freed or changed before it was sent", unreadable));
            return;
        }
        if (result >= 0) {
            if (result < asked && !elements.isEmpty()) {
                writable.await();
            }
        } else {
            switch (-result) {
                case Errno.EAGAIN -> writable.await();
                case Errno.EINTR -> { } // once more
                case Errno.ECANCELED -> { } // closing: pump says so
                default -> {
                    fail(Failure.of(operation(), -result));
                    return;
                }
            }
        }
        Sending first = line.peek();
        if (first != null && !first.isCancelled()) {
            first.replenish();
        }
        settle();
        pump();
    }

    /// The kernel took `count` bytes. Returns false if the elements are not as long as they were.
    private boolean advance(int count) {
        queuedBytes -= count;
        for (int left = count; left > 0;) {
            ByteBuffer first = elements.peek();
            int rest = first == null ? 0 : first.remaining() - taken;
            if (left < rest) {
                taken += left;
                return true;
            }
            if (rest <= 0) {
                return false;
            }
            elements.remove();
            taken = 0;
            left -= rest;
        }
        return !elements.isEmpty() || queuedBytes == 0;
    }

    // ---- the end

    /// No send starts any more; what was accepted still goes out, and then the descriptor is closed.
    final void close() {
        if (closing) {
            return;
        }
        closing = true;
        Sending first = line.peek();
        if (first == null) {
            descriptor().close();
            return;
        }
        first.stopSource();
        while (line.size() > 1) {
            line.removeLast().end(closedException());
        }
        settle();
    }

    /// Nothing goes out any more, and the descriptor is closed.
    final void abort() {
        closing = true;
        if (failure == null) {
            fail(closedException());
        }
        descriptor().close();
    }

    private void fail(IOException failure) {
        this.failure = failure;
        Sending first = line.peek();
        if (first != null) {
            first.discard(elements);
        }
        elements.clear();
        queuedBytes = 0;
        taken = 0;
        while (!line.isEmpty()) {
            Sending sending = line.remove();
            sending.stopSource();
            sending.end(failure);
        }
        if (closing) {
            descriptor().close();
        }
    }
}
