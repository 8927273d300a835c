package io.trale.reactive.buffer;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The head of a stream: received bytes that no subscriber has consumed. They are contiguous and on the heap, so that they
/// outlive the loop. Not thread-safe.
public class Unread {

    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    /// From position to limit; null if there are none, so that consumed bytes do not keep memory alive.
    private @Nullable ByteBuffer bytes;
    /// True if the memory belongs to this object; then there may be free space after the limit.
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

    /// Appends a copy of the first `length` bytes of `buffer`.
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

    /// Appends `chunk`, whose memory is used until its bytes are consumed or [#next] needs more.
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

    /// `bytes`, or a copy at least twice as long, with the limit moved by `length`. So each byte is copied a bounded number of
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

    /// Consumes all bytes: returns a heap buffer of exact size that belongs to the caller, or null if there are none. Consumes
    /// nothing if this throws [OutOfMemoryError].
    public @Nullable ByteBuffer take() {
        ByteBuffer bytes = this.bytes;
        if (bytes == null) {
            return null;
        }
        ByteBuffer taken = own && bytes.remaining() == bytes.capacity() ? bytes.order(ByteOrder.BIG_ENDIAN) : copy(bytes);
        this.bytes = null;
        return taken;
    }

    /// A copy of all bytes, of which there are some, in native memory of `arena`. Consumes nothing.
    public MemorySegment copyTo(Arena arena) {
        ByteBuffer bytes = Objects.requireNonNull(this.bytes, "no bytes");
        return arena.allocate(bytes.remaining(), 64).copyFrom(MemorySegment.ofBuffer(bytes));
    }

    /// Consumes all.
    public void clear() {
        bytes = null;
    }

    /// Decodes one element and consumes its bytes; returns null if more bytes are needed. If `decoder` throws, no bytes are
    /// consumed. `end` means that no bytes follow.
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
            throw new IllegalStateException("the decoder moved the position of its buffer back, from " + start + "; it may only consume bytes");
        }
        if (!in.hasRemaining()) {
            this.bytes = null;
        } else if (element == null) {
            if (end) {
                throw new EOFException("the stream ended inside an element, after " + in.remaining() + " bytes of it");
            }
            keep(in);
        }
        return element;
    }

    /// Moves the bytes of an incomplete element into memory of our own that is not much larger than they need.
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
