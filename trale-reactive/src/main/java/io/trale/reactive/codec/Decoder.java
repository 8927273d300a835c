package io.trale.reactive.codec;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Makes elements of the bytes of a stream, which may be split anywhere. Each subscription has a decoder, which is called by
/// one thread at a time.
///
/// A decoder consumes bytes by moving the position of its buffer. It leaves bytes after the element, and bytes of an incomplete
/// element, unconsumed. The next call begins with them, or the next subscriber of the connection does.
@FunctionalInterface
public interface Decoder<T> {

    /// Returns the next element, with the position of `in` after its last byte; or null if `in` has no complete element. After
    /// null, it is called again when more bytes have arrived, with the unconsumed bytes before them.
    ///
    /// `in` begins with the first unconsumed byte and has big-endian order. It is valid during the call and must not be written
    /// to. It is empty only at the end.
    ///
    /// Limit the size of an element: all unconsumed bytes are kept in memory. If a call consumes bytes and returns null, those
    /// bytes are skipped, for example padding between elements.
    ///
    /// @param end true if no byte follows `in`. Then this is called until it returns null; if bytes are left unconsumed, the
    ///        stream fails with [java.io.EOFException]
    /// @throws IOException if the input is malformed. This call has then consumed nothing
    @Nullable T decode(ByteBuffer in, boolean end) throws IOException;
}
