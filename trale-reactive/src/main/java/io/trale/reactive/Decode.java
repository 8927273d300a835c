package io.trale.reactive;

import io.trale.reactor.BufferGroup;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// A decoder of one subscription, and what is known of the bytes at the head of its stream.
///
/// It decodes in place, and one element at a time, when that is wanted: so what it has not consumed is where it was when
/// the subscriber leaves, and there is nothing to give back.
final class Decode<T> implements Intake<T> {

    private final Decoder<? extends T> decoder;
    /// How many bytes the decoder could make no element of; 0 if there are none of that kind.
    private int tooFew;
    private boolean endKnown;
    /// What the decoder made of the end alone, before it was wanted.
    private @Nullable T last;

    Decode(Decoder<? extends T> decoder) {
        this.decoder = decoder;
    }

    @Override
    public boolean has(Unread head, boolean end) throws IOException {
        if (last != null) {
            return true;
        }
        if (!head.isEmpty()) {
            return head.size() != tooFew || end && !endKnown;
        }
        last = end ? take(head, true) : null; // else the end would not be known until one more is wanted
        return last != null;
    }

    @Override
    public @Nullable T take(Unread head, boolean end) throws IOException {
        T element = last;
        if (element != null) {
            last = null;
            return element;
        }
        element = head.next(decoder, end);
        tooFew = element == null ? head.size() : 0;
        endKnown = end;
        return element;
    }

    @Override
    public @Nullable T take(Unread head, BufferGroup group, MemorySegment buffer, int length, int flags) throws IOException {
        Intake.keep(head, group, buffer, length, flags);
        return take(head, false);
    }

    @Override
    public void leave(Context context) {
        T element = last;
        last = null;
        if (element != null) {
            Operators.onDiscard(element, context);
        }
    }
}
