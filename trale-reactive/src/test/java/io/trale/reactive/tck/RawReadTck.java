package io.trale.reactive.tck;

import io.trale.reactive.testing.CoreSubscriberAdapter;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/// `Trale.read()` keeps the rules of Reactive Streams on its own: the suite of [ReadTck], with nothing of Reactor's
/// between.
public class RawReadTck extends ReadTck {

    public RawReadTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> read) {
        return CoreSubscriberAdapter.raw(read);
    }
}
