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

/// What a subscription makes of received bytes: copies, leases, results of a function that reads in place, or of a decoder.
///
/// The head of the stream has the bytes that an earlier subscriber or a decoder has not consumed. They precede those that
/// arrive, which become an element at once, or are appended to the head.
interface ReceiveMode<T> {

    /// A heap buffer of exact size, which belongs to the subscriber.
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

    /// What `function` returns, which reads the bytes in place.
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

    /// The first `length` bytes of `buffer`, copied to the heap. Gives the buffer back to `group`, even if the heap is full.
    static byte[] bytes(BufferGroup group, MemorySegment buffer, int length, int flags) {
        try {
            return Unread.copyOf(buffer, length);
        } finally {
            group.give(flags);
        }
    }

    /// Appends the bytes to `head`. Gives the buffer back to `group`, even if the heap is full.
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

    /// Makes an element of the first `length` bytes of `buffer`, which follow those of `head`. Gives the buffer back to `group`,
    /// now or later. Called if this [#has] nothing. Null means that more bytes are needed. Throws what user code throws.
    @Nullable T take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) throws IOException;

    /// Makes an element of bytes of `head`, and consumes them. Called if this [#has] something. Null means that more bytes are
    /// needed. `end` means that none follow. Throws what user code throws.
    @Nullable T take(Unread head, boolean end) throws IOException;

    /// The subscription has ended.
    default void leave(Context context) {}
}
