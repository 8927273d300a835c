package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Frames` keeps the rules of Reactive Streams on its own: the suite of [FramesTck], with nothing of Reactor's between.
public class RawFramesTck extends FramesTck {

    public RawFramesTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> elements) {
        return CoreSubscriberAdapter.raw(elements);
    }
}
