package io.trale.reactive;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.util.Objects;
import java.util.function.Function;
import reactor.core.publisher.Flux;

/// A view of received bytes as text, in pieces as they come: `connection.receive().transform(Strings.of(UTF_8))`.
///
/// A character that is cut between two chunks comes with the second. Immutable: each method returns a changed copy.
public final class Strings implements Function<Flux<ByteBuffer>, Flux<String>> {

    private final Charset charset;
    private final CodingErrorAction onMalformed;

    private Strings(Charset charset, CodingErrorAction onMalformed) {
        this.charset = Objects.requireNonNull(charset);
        this.onMalformed = Objects.requireNonNull(onMalformed);
    }

    /// Text in `charset`. What is no text is replaced by U+FFFD.
    public static Strings of(Charset charset) {
        return new Strings(charset, CodingErrorAction.REPLACE);
    }

    /// What to do with bytes that are no text, also those of a character that the end of the stream cuts off. To report
    /// them is to fail with [java.nio.charset.CharacterCodingException], after the text before them.
    public Strings onMalformed(CodingErrorAction action) {
        return new Strings(charset, action);
    }

    /// The text of `chunks`: at most one string for each of them, none of them empty, and one more if the end makes text
    /// of what was incomplete. While nothing is wanted nothing is asked for.
    @Override
    public Flux<String> apply(Flux<ByteBuffer> chunks) {
        return Decoding.flux(chunks, "strings", () -> {
            TextDecoder text = new TextDecoder(charset, onMalformed);
            return (chunk, end) -> {
                CharBuffer next = text.next(chunk, end);
                return next.hasRemaining() ? next.toString() : null;
            };
        });
    }
}
