package io.trale.reactive.codec;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;

/// Applies decoders of users to received bytes, as [Lines], [Strings] and [Frames] apply theirs.
public final class Decoders {

    private Decoders() {}

    /// A view of received bytes as the elements that a decoder makes of them:
    /// `connection.receive().transform(Decoders.of(MyDecoder::new))`. `decoders` is called once for each subscriber.
    ///
    /// Demand is exact: a chunk is requested, and an element decoded, only while the subscriber has demand. If this is
    /// applied directly to a connection's `receive()`, only the bytes that the decoder has consumed are gone; the next
    /// subscriber of the connection begins with the first byte behind them. What the decoder throws is signalled as the
    /// error of the stream. Bytes that are left at the end of the stream fail it with [java.io.EOFException].
    public static <T> Function<Flux<ByteBuffer>, Flux<T>> of(Supplier<? extends Decoder<? extends T>> decoders) {
        Objects.requireNonNull(decoders);
        return chunks -> DecodeFlux.of(chunks, "decoded", decoders);
    }
}
