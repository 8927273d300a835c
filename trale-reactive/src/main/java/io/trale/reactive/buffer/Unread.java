package io.trale.reactive.buffer;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// The head of a stream: bytes that have come and that no subscriber has consumed. In one piece, and in heap memory, so
/// that they outlive the loop. Not thread-safe.
public class Unread {

    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    /// From its position to its limit; null if there are none, so that no memory of consumed bytes is kept.
    private @Nullable ByteBuffer bytes;
    /// True if the memory belongs to this object, and there may be room behind the limit.
    private boolean own;

    /// The first `length` bytes of `memory`, copied to the heap.
    public static byte[] copyOf(MemorySegment memory, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
        return bytes;
    }

    public boolean isEmpty() {
        return bytes == null;
    }

    public int size() {
        ByteBuffer bytes = this.bytes;
        return bytes == null ? 0 : bytes.remaining();
    }

    /// Appends the first `length` bytes of `buffer`, copied.
    public void add(MemorySegment buffer, int length) {
        ByteBuffer bytes = this.bytes;
        if (bytes == null) {
            this.bytes = ByteBuffer.wrap(copyOf(buffer, length));
            own = true;
        } else {
            ByteBuffer extended = extended(bytes, length);
            MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, extended.array(), extended.limit() - length, length);
        }
    }

    /// Appends `chunk`, whose memory is read until the decoder has had what it can make of it.
    public void add(ByteBuffer chunk) {
        ByteBuffer bytes = this.bytes;
        if (!chunk.hasRemaining()) {
            return;
        }
        if (bytes == null) {
            this.bytes = chunk;
            own = false;
        } else {
            int length = chunk.remaining();
            ByteBuffer extended = extended(bytes, length);
            extended.put(extended.limit() - length, chunk, chunk.position(), length);
        }
    }

    /// `bytes`, or a copy at least twice as long, with its limit moved by `length`: each byte is copied a bounded number of
    /// times, however small the pieces are.
    private ByteBuffer extended(ByteBuffer bytes, int length) {
        ByteBuffer extended = bytes;
        if (!own || bytes.capacity() - bytes.limit() < length) {
            long capacity = (long) bytes.remaining() + Math.max(bytes.remaining(), length);
            extended = ByteBuffer.allocate((int) Math.min(capacity, MAX_ARRAY)).put(bytes.duplicate()).flip();
            this.bytes = extended;
            own = true;
        }
        return extended.limit(extended.limit() + length);
    }

    /// Consumes all, as a heap buffer of exact size that belongs to the caller; null if there are none. Consumes nothing if
    /// there is no memory.
    public @Nullable ByteBuffer take() {
        ByteBuffer bytes = this.bytes;
        if (bytes == null) {
            return null;
        }
        ByteBuffer taken = own && bytes.remaining() == bytes.capacity() ? bytes.order(ByteOrder.BIG_ENDIAN) : copy(bytes);
        this.bytes = null;
        return taken;
    }

    /// Consumes what `decoder` makes an element of, which is returned; null if it needs more. What it throws has consumed
    /// nothing. `end` says that no more will come.
    <T> @Nullable T next(DecodeStep<? extends T> decoder, boolean end) throws IOException {
        ByteBuffer bytes = this.bytes;
        ByteBuffer in = bytes == null ? ByteBuffer.allocate(0) : bytes.order(ByteOrder.BIG_ENDIAN);
        int start = in.position();
        int limit = in.limit();
        boolean returned = false;
        T element;
        try {
            element = decoder.decode(in, end);
            returned = in.position() >= start;
        } finally {
            in.limit(limit);
            if (!returned) {
                in.position(start);
            }
        }
        if (!returned) {
            throw new IllegalStateException("the decoder moved the position of its buffer back, from " + start);
        }
        if (!in.hasRemaining()) {
            this.bytes = null;
        } else if (element == null) {
            if (end) {
                throw new EOFException("the stream ended inside an element, of which " + in.remaining() + " bytes came");
            }
            keep(in);
        }
        return element;
    }

    /// Those bytes wait for others: in memory of their own, and not much more than they need.
    private void keep(ByteBuffer bytes) {
        if (!own || bytes.remaining() < bytes.capacity() / 4) {
            this.bytes = copy(bytes);
            own = true;
        }
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
    }
}
