package io.trale.reactive.tck;

import java.nio.ByteBuffer;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The official suite on a view as a Flux, over chunks that are split regardless of elements.
public abstract class ViewTck<T> extends SourceTck<T> {

    private static final int CHUNK = 7;

    private final Function<Flux<ByteBuffer>, Flux<T>> view;
    private final byte[] element;

    /// `element` is the encoded element.
    ViewTck(Function<Flux<ByteBuffer>, Flux<T>> view, byte... element) {
        this.view = view;
        this.element = element;
    }

    /// The publisher under test.
    Publisher<T> asSeen(Flux<T> elements) {
        return elements;
    }

    @Override
    public Publisher<T> createPublisher(long elements) {
        Flux<ByteBuffer> chunks = Flux.generate(() -> elements * element.length, (left, sink) -> {
            byte[] chunk = new byte[(int) Math.min(left, CHUNK)];
            for (int i = 0; i < chunk.length; i++) {
                chunk[i] = element[(int) ((elements * element.length - left + i) % element.length)];
            }
            if (chunk.length == 0) {
                sink.complete();
            } else {
                sink.next(ByteBuffer.wrap(chunk));
            }
            return left - chunk.length;
        });
        return asSeen(chunks.transform(view));
    }

    @Override
    public Publisher<T> createFailedPublisher() {
        return asSeen(Flux.<ByteBuffer>error(new IllegalStateException("on purpose")).transform(view));
    }
}
