package io.trale.reactive.buffer;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;

/// A source of chunks that decodes in place, so that it keeps the bytes that a decoder has not consumed for the next
/// subscriber. For example, the bytes of a connection.
public interface DecodingSource {

    /// True if `flux` is this source as the user received it, possibly wrapped by assembly hooks, without an operator after it.
    boolean isSameAs(Flux<ByteBuffer> flux);

    /// The elements that a decoder makes of the bytes. `decoders` is called once for each subscription. `name` is for scans.
    <T> Flux<T> decode(String name, Supplier<? extends DecodeStep<? extends T>> decoders);

    /// The source that `flux` is; null if `flux` is anything else, such as an operator on such a source.
    static @Nullable DecodingSource of(Flux<ByteBuffer> flux) {
        Scannable step = Scannable.from(flux);
        while (step != null && step.isScanAvailable()) {
            if (step instanceof DecodingSource source) {
                return source.isSameAs(flux) ? source : null;
            }
            step = step.scan(Scannable.Attr.PARENT);
        }
        return null;
    }
}
