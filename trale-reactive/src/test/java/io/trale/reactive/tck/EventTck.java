package io.trale.reactive.tck;

import io.trale.reactive.Event;
import io.trale.reactive.Trale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;

/// The official suite on `Event.signals()` as a Flux, for publishers that never complete, with events that are always
/// signalled.
public class EventTck extends SourceTck<Long> {

    private final Queue<Event> events = new ConcurrentLinkedQueue<>();
    private Trale trale;
    private Thread signaller;
    private volatile boolean stopping;

    public EventTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start();
        signaller = Thread.ofPlatform().daemon().start(() -> {
            while (!stopping) {
                events.forEach(Event::signal);
                LockSupport.parkNanos(20_000);
            }
        });
    }

    @AfterClass
    public void stop() throws InterruptedException {
        stopping = true;
        signaller.join();
        trale.close();
    }

    /// The publisher under test.
    Publisher<Long> asSeen(Flux<Long> signals) {
        return signals;
    }

    @Override
    public Publisher<Long> createPublisher(long elements) {
        Event event = trale.event().block();
        events.add(event);
        return asSeen(event.signals());
    }

    /// A source that already has a subscriber.
    @Override
    public Publisher<Long> createFailedPublisher() {
        Event event = trale.event().block();
        event.signals().subscribe();
        return asSeen(event.signals());
    }

    @Override
    public long maxElementsFromPublisher() {
        return publisherUnableToSignalOnComplete();
    }
}
