package io.trale.reactive.send;

import io.trale.reactive.buffer.BufferLease;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.tls.SealedOutput;
import io.trale.reactor.BlockPool;
import io.trale.reactor.Descriptor;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A sender of a stream of bytes, in which elements have no bounds.
///
/// Elements that are accepted while an operation is in flight go out together with the next, as many as fit into one block of
/// native memory: that is the whole flush strategy. A block is held by one operation only. A lease that is large, or alone,
/// goes out from its own memory.
public abstract class StreamSender extends Sender {

    /// From this size on, a lease is cheaper to send from its own memory than to copy.
    private static final int DIRECT_BYTES = 16 << 10;

    /// Elements that the kernel has taken, until the send is notified.
    private final ArrayDeque<Object> done = new ArrayDeque<>(0);

    /// The operation reads from the first element, a lease, and not from a block.
    private boolean directly;
    /// What the kernel reads from: the lease, or a block if that is not -1; and how many bytes of it.
    private @Nullable BufferLease lease;
    private int block = -1;
    private int length;
    /// Where elements are copied to.
    private MemorySegment target = MemorySegment.NULL;
    /// How many bytes of the next element to copy are taken already.
    private int skip;
    private final Consumer<Object> copying = this::copy;
    /// Why an element could not be read: its memory is freed, or belongs to another thread, or its position was moved.
    private @Nullable RuntimeException unreadable;
    /// The records that elements are sent in; null if they are sent as they are.
    private @Nullable SealedOutput sealed;
    /// Why no record could be made.
    private @Nullable IOException notSealed;

    protected StreamSender(Loop loop, Descriptor descriptor) {
        super(loop, descriptor);
    }

    /// Prepares the entry that sends the `lengthBytes` at `address`.
    protected abstract void prepare(Sqe sqe, long address, int lengthBytes);

    /// The kernel took `bytes` of the `asked`. Returns why nothing can be sent any more, or null.
    protected abstract @Nullable IOException took(int bytes, int asked);

    /// An operation failed with `errno`, and is not repeated. Returns why nothing can be sent any more.
    protected abstract IOException failed(int errno);

    /// The blocks that elements are copied into.
    protected BlockPool blocks() {
        return loop.reactor.pools().sendBlocks();
    }

    /// From now on elements are sent in records. None may be pending.
    public final void seal(SealedOutput output) {
        sealed = output;
    }

    /// Ends the records. Returns true if their end has to be sent, which begins with this.
    public final boolean endRecords() {
        return sealed != null && failure() == null && sealed.close();
    }

    @Override
    protected final boolean hasOutput() {
        return sealed == null ? super.hasOutput() : sealed.canSend(super.hasOutput());
    }

    @Override
    protected final int begunBytes() {
        return sealed == null ? taken : taken + sealed.plaintextBytes();
    }

    @Override
    protected final void stage() {
        directly = sealed == null && isDirect(elements.element());
        if (directly) {
            loop.reactor.stage(this);
        } else {
            blocks().stage(this);
        }
    }

    private boolean isDirect(Object first) {
        return first instanceof BufferLease lease && (elements.size() == 1 || lease.size() - taken >= DIRECT_BYTES);
    }

    /// While the peer does not read, no lease waits: its buffer is needed for receives.
    @Override
    final void accept(Object element, int size) {
        SendSubscriber<?> send = current();
        if (size == 0 && elements.isEmpty() && send != null) { // behind others it waits for them
            send.taken(element);
            return;
        }
        super.accept(element, size);
        if (awaitsRoom()) {
            leaveLeases();
        }
    }

    private void leaveLeases() {
        try {
            for (int left = elements.size(); left > 0; left--) {
                elements.add(Payload.onHeap(elements.element()));
                elements.remove();
            }
        } catch (RuntimeException e) {
            failUnreadable(e);
        }
    }

    private void failUnreadable(@Nullable RuntimeException cause) {
        fail(new IOException(describe() + ": an element was freed or changed before it was sent", cause));
    }

    @Override
    protected final void prepare(Sqe sqe) {
        try {
            if (directly) {
                fillDirectly(sqe);
                return;
            }
        } catch (RuntimeException e) {
            unreadable = e;
            sqe.prepNop();
            return;
        }
        block = blocks().take();
        MemorySegment memory = blocks().segment(block);
        gather(memory);
        prepare(sqe, memory.address(), length);
    }

    private void fillDirectly(Sqe sqe) {
        BufferLease lease = (BufferLease) elements.element();
        lease.acquire();
        loop.reactor.memoryListener().ownedByKernel(lease.memory());
        this.lease = lease;
        length = lease.size() - taken;
        prepare(sqe, lease.memory().address() + taken, length);
    }

    /// Copies as much as fits into the block: of the elements, or of their records.
    private void gather(MemorySegment memory) {
        try {
            if (sealed == null) {
                gatherElements(memory);
            } else {
                length = sealed.copyTo(memory, plaintext -> {
                    gatherElements(MemorySegment.ofBuffer(plaintext));
                    plaintext.position(length);
                });
            }
        } catch (RuntimeException e) {
            unreadable = e;
        } catch (IOException e) {
            notSealed = e;
        }
    }

    /// An iterator would be an object for each operation.
    private void gatherElements(MemorySegment memory) {
        target = memory;
        length = 0;
        skip = taken;
        elements.forEach(copying);
    }

    private void copy(Object element) {
        MemorySegment memory = target;
        if (length < memory.byteSize()) {
            int count = Math.min(Payload.size(element) - skip, (int) memory.byteSize() - length);
            Payload.copy(element, skip, memory, length, count);
            length += count;
            skip = 0;
        }
    }

    @Override
    protected final void release() {
        if (block >= 0) {
            blocks().give(block);
            block = -1;
        }
        BufferLease lease = this.lease;
        if (lease != null) {
            this.lease = null;
            loop.reactor.memoryListener().ownedByUs(lease.memory());
            lease.release();
        }
    }

    @Override
    protected final void sent(int result) {
        SendSubscriber<?> send = current();
        boolean whole = result < 0 || advance(sealed == null ? result : sealed.taken(result));
        if (unreadable != null || !whole) {
            failUnreadable(unreadable);
            return;
        }
        if (notSealed != null) {
            fail(notSealed);
            return;
        }
        IOException failure = result >= 0 ? took(result, length) : isRepeated(-result) ? null : failed(-result);
        if (failure != null) {
            fail(failure);
            return;
        }
        if (awaitsRoom()) {
            leaveLeases();
        }
        notifyTaken(send);
    }

    @Override
    protected final void failing() {
        notifyTaken(current());
    }

    /// Notifies the send, if there is one. Comes last, since `whenTaken` may send, cancel or abort.
    private void notifyTaken(@Nullable SendSubscriber<?> send) {
        for (Object element; (element = done.poll()) != null;) {
            Objects.requireNonNull(send).taken(element);
        }
    }

    /// The kernel took `count` bytes. Returns false if the elements are not as long as they were.
    private boolean advance(int count) {
        queuedBytes -= count;
        int left = count;
        for (Object first; (first = elements.peek()) != null;) {
            int rest = Payload.size(first) - taken;
            if (rest > left) {
                taken += left;
                return true;
            }
            if (rest < 0) {
                return false;
            }
            done.add(elements.remove()); // also an empty one
            taken = 0;
            left -= rest;
        }
        return left == 0 && queuedBytes == 0;
    }
}
