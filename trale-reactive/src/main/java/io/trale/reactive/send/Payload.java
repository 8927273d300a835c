package io.trale.reactive.send;

import io.trale.reactive.Datagram;
import io.trale.reactive.Lease;
import io.trale.reactive.buffer.BufferLease;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// What may be sent, a [ByteBuffer], a [Lease] or a [Datagram], seen as bytes.
public final class Payload {

    private Payload() {}

    /// How many bytes `element` has.
    public static int size(Object element) {
        return switch (element) {
            case Lease lease -> lease.size();
            case Datagram datagram -> datagram.data().remaining();
            default -> ((ByteBuffer) element).remaining();
        };
    }

    /// Copies `count` bytes of `element`, from its byte `skip` on. Does not change the position and the limit of a buffer. Throws
    /// if its memory is freed or belongs to another thread, or if its position was moved meanwhile.
    public static void copy(Object element, int skip, MemorySegment to, int offset, int count) {
        if (element instanceof Lease foreign && !(element instanceof BufferLease)) {
            foreign.read(memory -> {
                MemorySegment.copy(memory, skip, to, offset, count);
                return count;
            });
            return;
        }
        if (element instanceof BufferLease lease) {
            lease.acquire();
            try {
                MemorySegment.copy(lease.memory(), skip, to, offset, count);
            } finally {
                lease.release();
            }
            return;
        }
        ByteBuffer buffer = (ByteBuffer) element;
        if (buffer.hasArray()) {
            int from = buffer.arrayOffset() + buffer.position() + skip;
            MemorySegment.copy(buffer.array(), from, to, ValueLayout.JAVA_BYTE, offset, count);
        } else {
            MemorySegment.copy(MemorySegment.ofBuffer(buffer), skip, to, offset, count);
        }
    }

    /// The same bytes on the heap. Closes a lease.
    static Object onHeap(Object element) {
        if (element instanceof Lease lease) {
            try (lease) {
                return ByteBuffer.wrap(lease.toArray());
            }
        }
        return element;
    }

    /// `element` will not be sent: closes a lease, and passes everything else to the discard hook.
    public static void discard(Object element, Context context) {
        if (element instanceof Lease lease) {
            lease.close();
        } else {
            Operators.onDiscard(element, context);
        }
    }
}
