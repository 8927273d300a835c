package io.trale.reactive.codec;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Makes elements of the bytes of a stream, which may be cut anywhere. Each subscription has its own decoder, which is
/// called by one thread at a time.
///
/// What a decoder consumes is what it moves the position of its buffer past. The bytes behind an element that it returns
/// stay at the head of the stream, and so do those of an element that is incomplete: the next call begins with them, or
/// the next subscriber of the connection does.
@FunctionalInterface
public interface Decoder<T> {

    /// Returns the next element, with the position of `in` behind its last byte; or null if `in` holds no whole element.
    /// It is then called again when more bytes have come, with those that it has not consumed before them.
    ///
    /// `in` begins with the first byte not consumed yet and has big-endian order. It is valid during the call and must not
    /// be written to. It is empty only at the end.
    ///
    /// A decoder limits what it waits for: bytes that it does not consume are kept, however many they are. Bytes consumed
    /// by a call that returns null are gone, as is right for what belongs to no element.
    ///
    /// @param end true if nothing comes after `in`: called until it returns null, and then nothing may be left of `in`,
    ///        or the stream fails with [java.io.EOFException]
    /// @throws IOException if the input is not what it should be. This call has then consumed nothing
    @Nullable T decode(ByteBuffer in, boolean end) throws IOException;
}
