package io.trale.reactive;

import java.time.Duration;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;

/// `Trale.ticks()` keeps the rules of Reactive Streams as its users meet it, as a Flux: the official suite for publishers
/// that never complete.
public class TicksTck extends SourceTck<Tick> {

    private Trale trale;
    private Trale closed;

    public TicksTck() {}

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

    /// What the suite gets to see.
    Publisher<Tick> asSeen(Flux<Tick> ticks) {
        return ticks;
    }

    @Override
    public Publisher<Tick> createPublisher(long elements) {
        return asSeen(trale.ticks(Duration.ofNanos(50_000)));
    }

    @Override
    public Publisher<Tick> createFailedPublisher() {
        return asSeen(closed.ticks(Duration.ofSeconds(1)));
    }

    @Override
    public long maxElementsFromPublisher() {
        return publisherUnableToSignalOnComplete();
    }
}
