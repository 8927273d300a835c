package io.trale.reactive.buffer;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// The decoder of one subscription, and its knowledge of the bytes at the head of the stream.
///
/// Decodes in place, one element at a time and on demand only. So if the subscriber cancels, unconsumed bytes are still at the
/// head, and nothing must be put back.
public class DecodeState<T> {

    private final DecodeStep<? extends T> decoder;
    /// The number of bytes of which the decoder could make no element; 0 if unknown.
    private int tooFew;
    private boolean endKnown;
    /// What the decoder made of the end alone, before there was demand.
    private @Nullable T last;

    public DecodeState(DecodeStep<? extends T> decoder) {
        this.decoder = decoder;
    }

    /// True if [#take] may make an element without more bytes. `end` means that no bytes follow.
    public final boolean has(Unread head, boolean end) throws IOException {
        if (last != null) {
            return true;
        }
        if (!head.isEmpty()) {
            return head.size() != tooFew || end && !endKnown;
        }
        last = end ? take(head, true) : null; // now: the end must be signalled without further demand
        return last != null;
    }

    /// Decodes the next element of `head`, and consumes its bytes; null if more bytes are needed.
    public final @Nullable T take(Unread head, boolean end) throws IOException {
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

    /// The subscription has ended: discards an element that was decoded and not signalled.
    public final void leave(Context context) {
        T element = last;
        last = null;
        if (element != null) {
            Operators.onDiscard(element, context);
        }
    }
}
