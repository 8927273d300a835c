package io.trale.reactive.stream;

import io.trale.reactive.buffer.DecodeState;
import io.trale.reactive.buffer.DecodeStep;
import io.trale.reactive.buffer.Unread;
import io.trale.reactor.BufferGroup;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Receives what a decoder makes of the bytes.
final class DecodeMode<T> extends DecodeState<T> implements ReceiveMode<T> {

    DecodeMode(DecodeStep<? extends T> decoder) {
        super(decoder);
    }

    @Override
    public @Nullable T take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) throws IOException {
        ReceiveMode.keep(head, group, buffer, length, flags);
        return take(head, false);
    }
}
