package io.trale.reactive;

import io.trale.linux.Memory;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Function;

/// What a receive makes of the bytes that came: a copy, or what a function reads in place.
interface Intake<T> {

    /// A heap buffer of exact size, which belongs to whoever gets it.
    Intake<ByteBuffer> COPY = new Intake<>() {
        @Override
        public ByteBuffer take(BufferGroup group, MemorySegment buffer, int length, int flags) {
            return ByteBuffer.wrap(bytes(group, buffer, length, flags));
        }

        @Override
        public ByteBuffer take(byte[] kept) {
            return ByteBuffer.wrap(kept);
        }
    };

    /// What `function` makes of them, in place.
    static <R> Intake<R> inPlace(Function<? super MemorySegment, ? extends R> function) {
        return new Intake<>() {
            @Override
            public R take(BufferGroup group, MemorySegment buffer, int length, int flags) {
                try (Arena call = Arena.ofConfined()) {
                    return made(function.apply(Memory.view(buffer, length, call)));
                } finally {
                    group.give(flags);
                }
            }

            @Override
            public R take(byte[] kept) {
                try (Arena call = Arena.ofConfined()) {
                    MemorySegment memory = call.allocate(kept.length, 64);
                    MemorySegment.copy(kept, 0, memory, ValueLayout.JAVA_BYTE, 0, kept.length);
                    return made(function.apply(memory));
                }
            }

            private R made(R element) {
                return Objects.requireNonNull(element, "the function returned null");
            }
        };
    }

    /// The first `length` bytes of `buffer`, copied.
    static byte[] bytes(MemorySegment buffer, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
        return bytes;
    }

    /// As [#bytes(MemorySegment, int)], and gives the buffer back to `group` by `flags`, even if the heap is full.
    static byte[] bytes(BufferGroup group, MemorySegment buffer, int length, int flags) {
        try {
            return bytes(buffer, length);
        } finally {
            group.give(flags);
        }
    }

    /// Where the kernel takes its buffers from.
    default BufferGroup group(Reactor reactor) {
        return reactor.pools().receiveGroup();
    }

    /// False while nothing may be received, although there is demand.
    default boolean ready() {
        return true;
    }

    /// Makes an element of the first `length` bytes of `buffer`, and gives the buffer back to `group` by `flags`, at once
    /// or later. May throw what user code throws.
    T take(BufferGroup group, MemorySegment buffer, int length, int flags);

    /// Makes an element of bytes that had come for somebody else, and were kept.
    T take(byte[] kept);
}
