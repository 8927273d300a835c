package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [FramesTck] without a wrapper of Reactor before the subscriber.
public class RawFramesTck extends FramesTck {

    public RawFramesTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> elements) {
        return CoreSubscriberAdapter.raw(elements);
    }
}
