package io.trale.reactive;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// A view of received bytes as lines of text: `connection.receive().transform(Lines.of(UTF_8))`.
///
/// A line ends with `\n` or `\r\n`, which are no part of it; the last one also with the stream. Immutable: each method
/// returns a changed copy.
public final class Lines implements Function<Flux<ByteBuffer>, Flux<String>> {

    private final Charset charset;
    private final CodingErrorAction onMalformed;
    private final int maxLength;

    private Lines(Charset charset, CodingErrorAction onMalformed, int maxLength) {
        this.charset = Objects.requireNonNull(charset);
        this.onMalformed = Objects.requireNonNull(onMalformed);
        this.maxLength = maxLength;
    }

    /// Lines in `charset` of at most 65536 characters. What is no text is replaced by U+FFFD.
    public static Lines of(Charset charset) {
        return new Lines(charset, CodingErrorAction.REPLACE, 64 << 10);
    }

    /// How long a line may be, in `char`s and without its end. A longer one is a failure, [ProtocolException], as soon as
    /// it is too long: nobody has to wait for its end, and no more of it is kept.
    public Lines maxLength(int chars) {
        if (chars < 0) {
            throw new IllegalArgumentException("maxLength is " + chars + ", must not be negative");
        }
        return new Lines(charset, onMalformed, chars);
    }

    /// What to do with bytes that are no text, also those of a character that the end of the stream cuts off. To report
    /// them is to fail with [java.nio.charset.CharacterCodingException], after the lines before theirs.
    public Lines onMalformed(CodingErrorAction action) {
        return new Lines(charset, action, maxLength);
    }

    /// The lines of `chunks`. While none is wanted nothing is asked for; lines that came together wait in their chunk, and
    /// with a subscriber that is gone they are gone too.
    @Override
    public Flux<String> apply(Flux<ByteBuffer> chunks) {
        return Decoding.flux(chunks, "lines", Cutter::new);
    }

    private final class Cutter implements Decoder<String> {

        private final TextDecoder decoder = new TextDecoder(charset, onMalformed);
        /// Decoded, and in no line yet.
        private CharBuffer text = CharBuffer.allocate(0);
        /// The beginning of a line whose end has not come yet.
        private StringBuilder begun = new StringBuilder();

        @Override
        public @Nullable String next(ByteBuffer chunk, boolean end) throws IOException {
            do {
                for (int i = text.position(); i < text.limit(); i++) {
                    if (text.get(i) == '\n') {
                        String line = take(i);
                        text.position(i + 1);
                        return checked(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
                    }
                }
                begun.append(text);
                checkBegun();
                text = decoder.next(chunk, end);
            } while (text.hasRemaining());
            return end && !begun.isEmpty() ? checked(take(text.limit())) : null;
        }

        /// The line up to `limit` of the text.
        private String take(int limit) {
            String last = text.subSequence(0, limit - text.position()).toString();
            if (begun.isEmpty()) {
                return last;
            }
            String line = begun.append(last).toString();
            begun = new StringBuilder(); // and not the one that has grown, which a quiet peer would keep here
            return line;
        }

        private String checked(String line) throws ProtocolException {
            if (line.length() > maxLength) {
                throw tooLong();
            }
            return line;
        }

        private void checkBegun() throws ProtocolException {
            boolean perhapsEnding = !begun.isEmpty() && begun.charAt(begun.length() - 1) == '\r';
            if (begun.length() - (perhapsEnding ? 1 : 0) > maxLength) {
                throw tooLong();
            }
        }

        private ProtocolException tooLong() {
            return new ProtocolException("a line of more than " + maxLength + " characters");
        }
    }
}
