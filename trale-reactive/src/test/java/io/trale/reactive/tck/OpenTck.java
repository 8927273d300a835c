package io.trale.reactive.tck;

import io.trale.reactive.Event;
import io.trale.reactive.Trale;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Mono;

/// The official suite on a Mono that opens something, for publishers of one element.
public class OpenTck extends SourceTck<Event> {

    private Trale trale;
    private Trale closed;

    public OpenTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start();
        closed = Trale.start();
        closed.close();
    }

    @AfterClass
    public void stop() {
        trale.close();
    }

    /// The publisher under test.
    Publisher<Event> asSeen(Mono<Event> opened) {
        return opened;
    }

    @Override
    public Publisher<Event> createPublisher(long elements) {
        return asSeen(trale.event());
    }

    @Override
    public Publisher<Event> createFailedPublisher() {
        return asSeen(closed.event());
    }

    @Override
    public long maxElementsFromPublisher() {
        return 1;
    }
}
