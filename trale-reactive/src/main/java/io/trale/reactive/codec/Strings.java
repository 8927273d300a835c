package io.trale.reactive.codec;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// A view of received bytes as text, in pieces as they arrive: `connection.receive().transform(Strings.of(UTF_8))`.
///
/// A character that is split between two chunks is emitted with the second. Immutable: each method returns a changed copy.
public final class Strings implements Function<Flux<ByteBuffer>, Flux<String>> {

    private final Charset charset;
    private final CodingErrorAction onMalformed;

    private Strings(Charset charset, CodingErrorAction onMalformed) {
        this.charset = Objects.requireNonNull(charset);
        this.onMalformed = Objects.requireNonNull(onMalformed);
    }

    /// Text in `charset`. Malformed bytes are replaced by U+FFFD.
    public static Strings of(Charset charset) {
        return new Strings(charset, CodingErrorAction.REPLACE);
    }

    /// How to treat malformed bytes, including a character that is cut off by the end of the stream. `REPORT` fails the stream
    /// with [CharacterCodingException] after the text before them.
    public Strings onMalformed(CodingErrorAction action) {
        return new Strings(charset, action);
    }

    /// The text of `chunks`: at most one non-empty string for each chunk, and one more if the end completes the text. Without
    /// demand nothing is requested. Of a connection's `receive()`, the bytes of an incomplete character are not consumed: see
    /// [io.trale.reactive.Connection#receive].
    @Override
    public Flux<String> apply(Flux<ByteBuffer> chunks) {
        return DecodeFlux.<String>of(chunks, "strings", TextDecoder::new);
    }

    private final class TextDecoder implements Decoder<String> {

        private final CharsetDecoder decoder =
                charset.newDecoder().onMalformedInput(onMalformed).onUnmappableCharacter(onMalformed);
        private boolean flushed;

        /// Decodes up to the end of `in`, or up to the first malformed byte; only the next call throws. So the text before a
        /// malformed byte is emitted, wherever the input was split.
        @Override
        public @Nullable String decode(ByteBuffer in, boolean end) throws CharacterCodingException {
            CharBuffer out = CharBuffer.allocate((int) Math.ceil(in.remaining() * (double) decoder.maxCharsPerByte()));
            CoderResult result = step(in, out, end);
            while (result.isOverflow()) { // text that the decoder had held back
                out = CharBuffer.allocate(2 * out.capacity() + 16).put(out.flip());
                result = step(in, out, end);
            }
            if (result.isError() && out.position() == 0) {
                result.throwException();
            }
            return out.position() == 0 ? null : out.flip().toString();
        }

        private CoderResult step(ByteBuffer in, CharBuffer out, boolean end) {
            if (flushed) {
                return CoderResult.UNDERFLOW;
            }
            CoderResult result = decoder.decode(in, out, end);
            if (end && result.isUnderflow()) {
                result = decoder.flush(out);
                flushed = result.isUnderflow();
            }
            return result;
        }
    }
}
