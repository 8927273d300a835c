package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// The suite of [ReadTck] without a wrapper of Reactor before the subscriber.
public class RawReadTck extends ReadTck {

    public RawReadTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> read) {
        return CoreSubscriberAdapter.raw(read);
    }
}
