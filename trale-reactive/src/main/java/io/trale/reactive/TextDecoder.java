package io.trale.reactive;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;

/// Characters of bytes that may be cut in the midst of one: what is incomplete waits for the next chunk.
final class TextDecoder {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final CharsetDecoder decoder;
    /// The beginning of a character; or, when the decoder is to report what is wrong, that and all after it.
    private ByteBuffer rest = NOTHING;
    private boolean flushed;

    TextDecoder(Charset charset, CodingErrorAction onMalformed) {
        decoder = charset.newDecoder().onMalformedInput(onMalformed).onUnmappableCharacter(onMalformed);
    }

    /// The characters of all bytes up to the end of `chunk`, which it takes, or up to one that makes none: only the call
    /// after that throws. So what is before a fault is there, wherever the input was cut.
    CharBuffer next(ByteBuffer chunk, boolean end) throws CharacterCodingException {
        ByteBuffer in = rest.hasRemaining() ? join(rest, chunk) : chunk;
        CharBuffer out = CharBuffer.allocate((int) Math.ceil(in.remaining() * (double) decoder.maxCharsPerByte()));
        CoderResult result = step(in, out, end);
        while (result.isOverflow()) { // what it kept to itself until now
            out = CharBuffer.allocate(2 * out.capacity() + 16).put(out.flip());
            result = step(in, out, end);
        }
        if (result.isError() && out.position() == 0) {
            result.throwException();
        }
        rest = in.hasRemaining() ? join(in, NOTHING) : NOTHING; // a copy: the chunk is to be used up
        return out.flip();
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

    private static ByteBuffer join(ByteBuffer first, ByteBuffer second) {
        return ByteBuffer.allocate(first.remaining() + second.remaining()).put(first).put(second).flip();
    }
}
