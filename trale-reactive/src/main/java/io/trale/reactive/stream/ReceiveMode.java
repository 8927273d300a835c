package io.trale.reactive.stream;

import io.trale.linux.Memory;
import io.trale.reactive.buffer.Unread;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Reactor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/// What a receive makes of the bytes that came: copies, leases, what a function reads in place, what a decoder finds.
///
/// The bytes at the head of the stream, which came for somebody else or are the rest of what a decoder took of, come
/// before those that the kernel brings. Those go to the head as well if they are not made an element of at once.
interface ReceiveMode<T> {

    /// A heap buffer of exact size, which belongs to whoever gets it.
    ReceiveMode<ByteBuffer> COPY = new ReceiveMode<>() {
        @Override
        public ByteBuffer take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) {
            return ByteBuffer.wrap(bytes(group, buffer, length, flags));
        }

        @Override
        public @Nullable ByteBuffer take(Unread head, boolean end) {
            return head.take();
        }
    };

    /// What `function` makes of them, in place.
    static <R> ReceiveMode<R> inPlace(Function<? super MemorySegment, ? extends R> function) {
        return new ReceiveMode<>() {
            private boolean shown;

            @Override
            public R take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) {
                shown = false;
                try (Arena call = Arena.ofConfined()) {
                    MemorySegment bytes = Memory.view(buffer, length, call);
                    shown = true;
                    return made(function.apply(bytes));
                } finally {
                    group.give(flags);
                }
            }

            @Override
            public R take(Unread head, boolean end) {
                try (Arena call = Arena.ofConfined()) {
                    MemorySegment bytes = head.copyTo(call);
                    head.clear();
                    return made(function.apply(bytes));
                }
            }

            @Override
            public boolean hasShownBytes() {
                return shown;
            }

            private R made(R element) {
                return Objects.requireNonNull(element, "the function returned null");
            }
        };
    }

    /// The first `length` bytes of `buffer`, copied to the heap. Gives the buffer back to `group` by `flags`, even if the heap is full.
    static byte[] bytes(BufferGroup group, MemorySegment buffer, int length, int flags) {
        try {
            return Unread.copyOf(buffer, length);
        } finally {
            group.give(flags);
        }
    }

    /// Appends the bytes to `head`, and gives the buffer back to `group` by `flags`, even if the heap is full.
    static void keep(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) {
        try {
            head.add(buffer, length);
        } finally {
            group.give(flags);
        }
    }

    /// The group that the next receive takes its buffer from; null while nothing may be received, although there is demand.
    default @Nullable BufferGroup group(Reactor reactor) {
        return reactor.pools().receiveGroup();
    }

    /// True if user code has seen the bytes of the last [#take]. If it threw, they are not lost on that code.
    default boolean hasShownBytes() {
        return false;
    }

    /// True if [#take(Unread, boolean)] may make an element, without more bytes.
    default boolean has(Unread head, boolean end) throws IOException {
        return !head.isEmpty();
    }

    /// Makes an element of the first `length` bytes of `buffer`, which come after those of `head`, and gives the buffer back
    /// to `group` by `flags`, at once or later. Called if this [#has] nothing. Null means that more bytes are needed. May
    /// throw what user code throws.
    @Nullable T take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) throws IOException;

    /// Makes an element of bytes of `head`, and takes them from there. Called if this [#has] something. Null means that more
    /// bytes are needed. `end` says that there are none. May throw what user code throws.
    @Nullable T take(Unread head, boolean end) throws IOException;

    /// The subscriber has gone, or has been told the end.
    default void leave(Context context) {}
}
