package io.trale.reactive.codec;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// A view of received bytes as lines of text: `connection.receive().transform(Lines.of(UTF_8))`.
///
/// A line ends with `\n` or `\r\n`, which are removed; the last line may also end with the stream. Immutable: each method
/// returns a changed copy.
public final class Lines implements Function<Flux<ByteBuffer>, Flux<String>> {

    private final Charset charset;
    private final CodingErrorAction onMalformed;
    private final int maxLength;
    /// The encoded `\n`, without a byte order mark.
    private final byte[] newline;
    private final int bytesPerChar;

    private Lines(Charset charset, CodingErrorAction onMalformed, int maxLength) {
        this.charset = Objects.requireNonNull(charset);
        byte[] newline = {'\n'}; // true of all charsets that cannot encode
        int bytesPerChar = 4;
        if (charset.canEncode()) {
            byte[] two = "\n\n".getBytes(charset);
            newline = Arrays.copyOfRange(two, "\n".getBytes(charset).length, two.length);
            bytesPerChar = (int) Math.ceil(charset.newEncoder().maxBytesPerChar());
        }
        this.newline = newline;
        this.bytesPerChar = bytesPerChar;
        this.onMalformed = Objects.requireNonNull(onMalformed);
        this.maxLength = maxLength;
    }

    /// Lines in `charset` of at most 65536 characters. Malformed bytes are replaced by U+FFFD.
    public static Lines of(Charset charset) {
        return new Lines(charset, CodingErrorAction.REPLACE, 64 << 10);
    }

    /// The largest length of a line in `char`s, without its end. A longer line fails the stream with [ProtocolException]: as
    /// soon as more bytes of it have arrived than so many characters can have. So the failure does not wait for the end of the
    /// line, and no more of it is kept.
    public Lines maxLength(int chars) {
        if (chars < 0) {
            throw new IllegalArgumentException("maxLength is " + chars + ", must not be negative");
        }
        return new Lines(charset, onMalformed, chars);
    }

    /// How to treat malformed bytes, including a character that is cut off by the end of the stream. `REPORT` fails the stream
    /// with [CharacterCodingException] after the lines before them.
    public Lines onMalformed(CodingErrorAction action) {
        return new Lines(charset, action, maxLength);
    }

    /// The lines of `chunks`. Without demand nothing is requested. Of a connection's `receive()`, only the bytes of the
    /// signalled lines and their ends are consumed: see [io.trale.reactive.Connection#receive].
    @Override
    public Flux<String> apply(Flux<ByteBuffer> chunks) {
        return DecodeFlux.<String>of(chunks, "lines", newline.length == 1 ? Cutter::new : WideCutter::new);
    }

    private CharsetDecoder newDecoder() {
        return charset.newDecoder().onMalformedInput(onMalformed).onUnmappableCharacter(onMalformed);
    }

    private String checked(String line) throws ProtocolException {
        if (line.length() > maxLength) {
            throw tooLong();
        }
        return line;
    }

    private void checkBytes(int count) throws ProtocolException {
        if (count > (maxLength + 2L) * bytesPerChar) { // + 2 for its end
            throw tooLong();
        }
    }

    private ProtocolException tooLong() {
        return new ProtocolException("line has more than " + maxLength + " characters, the limit set by maxLength");
    }

    /// For charsets in which the byte of `\n` is never a part of another character, as in nearly all: decodes each line
    /// separately.
    private final class Cutter implements Decoder<String> {

        private final CharsetDecoder decoder = newDecoder();
        /// The number of bytes that are known to contain no line end.
        private int searched;

        @Override
        public @Nullable String decode(ByteBuffer in, boolean end) throws IOException {
            int start = in.position();
            int limit = in.limit();
            int at = start + searched;
            while (at < limit && in.get(at) != newline[0]) {
                at++;
            }
            checkBytes(at - start);
            searched = at - start;
            if (at == limit && (!end || at == start)) {
                return null;
            }
            searched = 0;
            String line = onMalformed == CodingErrorAction.REPLACE && in.hasArray()
                    ? new String(in.array(), in.arrayOffset() + start, at - start, charset) // same result, faster
                    : decoder.decode(in.limit(at)).toString();
            if (at == limit) {
                in.position(at);
                return checked(line);
            }
            in.limit(limit).position(at + 1);
            return checked(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
        }
    }

    /// For UTF-16, UTF-32 and similar charsets: decodes one character after the other, and searches the text for the line end.
    private final class WideCutter implements Decoder<String> {

        private final CharsetDecoder decoder = newDecoder();
        private final CharBuffer next = CharBuffer.allocate(2);
        /// The text of the first [#decoded] bytes of an incomplete line.
        private StringBuilder text = new StringBuilder();
        private int decoded;

        @Override
        public @Nullable String decode(ByteBuffer in, boolean end) throws IOException {
            int start = in.position();
            in.position(start + decoded);
            while (step(in, end)) {
                if (next.get(0) == '\n') {
                    int length = text.length();
                    return line(length > 0 && text.charAt(length - 1) == '\r' ? length - 1 : length);
                }
                text.append(next);
            }
            if (end && !text.isEmpty()) {
                return line(text.length());
            }
            decoded = in.position() - start;
            checkBytes(decoded);
            in.position(start);
            return null;
        }

        /// Decodes a character into [#next]; returns false if more bytes are needed.
        private boolean step(ByteBuffer in, boolean end) throws CharacterCodingException {
            CoderResult result = decoder.decode(in, next.clear().limit(1), end);
            if (result.isOverflow() && next.position() == 0) { // a surrogate pair
                result = decoder.decode(in, next.clear(), end);
            }
            if (result.isError()) {
                result.throwException();
            }
            return next.flip().hasRemaining();
        }

        private String line(int length) throws ProtocolException {
            String line = text.substring(0, length);
            text = new StringBuilder();
            decoded = 0;
            return checked(line);
        }
    }
}
