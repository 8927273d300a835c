package io.trale.reactive.codec;

import io.trale.reactive.buffer.DecodingSource;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;

/// The operator that decodes the chunks of a source which cannot decode in place (see [DecodingSource]).
public final class DecodeFlux<T> extends FluxOperator<ByteBuffer, T> {

    private final String name;
    private final Supplier<? extends Decoder<? extends T>> decoders;

    private DecodeFlux(Flux<ByteBuffer> source, String name, Supplier<? extends Decoder<? extends T>> decoders) {
        super(source);
        this.name = name;
        this.decoders = decoders;
    }

    /// The elements that the decoders, one for each subscriber, make of `source`. Decodes in place if `source` can do that.
    /// `name` is for scans.
    public static <T> Flux<T> of(Flux<ByteBuffer> source, String name, Supplier<? extends Decoder<? extends T>> decoders) {
        DecodingSource inPlace = DecodingSource.of(source);
        if (inPlace != null) {
            return inPlace.decode(name, () -> decoders.get()::decode);
        }
        return onAssembly(new DecodeFlux<>(source, name, decoders));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        source.subscribe(new DecodeSubscription<T>(decoders.get(), Objects.requireNonNull(actual)));
    }

    @Override
    public String stepName() {
        return name;
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.RUN_STYLE) {
            return Attr.RunStyle.SYNC;
        }
        return key == Attr.PREFETCH ? Integer.valueOf(0) : super.scanUnsafe(key);
    }
}
