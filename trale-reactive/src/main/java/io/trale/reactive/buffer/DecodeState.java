package io.trale.reactive.buffer;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// A decoder of one subscription, and what is known of the bytes at the head of its stream.
///
/// It decodes in place, and one element at a time, when that is wanted: so what it has not consumed is where it was when
/// the subscriber leaves, and there is nothing to give back.
public class DecodeState<T> {

    private final DecodeStep<? extends T> decoder;
    /// How many bytes the decoder could make no element of; 0 if there are none of that kind.
    private int tooFew;
    private boolean endKnown;
    /// What the decoder made of the end alone, before it was wanted.
    private @Nullable T last;

    public DecodeState(DecodeStep<? extends T> decoder) {
        this.decoder = decoder;
    }

    /// True if [#take] may make an element without more bytes. `end` says that none will come.
    public final boolean has(Unread head, boolean end) throws IOException {
        if (last != null) {
            return true;
        }
        if (!head.isEmpty()) {
            return head.size() != tooFew || end && !endKnown;
        }
        last = end ? take(head, true) : null; // else the end would not be known until one more is wanted
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

    /// The subscription has ended: discards what was decoded and not signalled.
    public final void leave(Context context) {
        T element = last;
        last = null;
        if (element != null) {
            Operators.onDiscard(element, context);
        }
    }
}
