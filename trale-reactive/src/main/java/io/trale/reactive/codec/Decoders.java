package io.trale.reactive.codec;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;

/// Applies users' decoders to received bytes, in the same way as [Lines], [Strings] and [Frames].
public final class Decoders {

    private Decoders() {}

    /// A view of received bytes as the elements of a decoder: `connection.receive().transform(Decoders.of(MyDecoder::new))`.
    /// `decoders` is called once for each subscriber.
    ///
    /// Demand is exact: a chunk is requested, and an element decoded, only while the subscriber has demand. If this is applied
    /// directly to a connection's `receive()`, only the bytes that the decoder has consumed are taken; the next subscriber of
    /// the connection begins at the byte after them. An exception of the decoder fails the stream. Bytes that are left at the
    /// end of the stream fail it with [java.io.EOFException].
    public static <T> Function<Flux<ByteBuffer>, Flux<T>> of(Supplier<? extends Decoder<? extends T>> decoders) {
        Objects.requireNonNull(decoders);
        return chunks -> DecodeFlux.of(chunks, "decoded", decoders);
    }
}
