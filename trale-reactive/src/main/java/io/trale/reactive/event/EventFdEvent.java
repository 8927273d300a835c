package io.trale.reactive.event;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.reactive.Event;
import io.trale.reactive.Sink;
import io.trale.reactive.loop.CounterRead;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.ReadyFuture;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactive.loop.UnicastSubscription;
import io.trale.reactive.send.SubscriberSink;
import io.trale.sync.EventFd;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// An [Event] on an `eventfd(2)` of the executor.
public final class EventFdEvent implements Event {

    private final Loop loop;
    private final EventFd eventfd;
    private final CounterRead read;
    private final UnicastSubscription.Place place = new UnicastSubscription.Place();

    private EventFdEvent(Loop loop, EventFd eventfd) {
        this.loop = loop;
        this.eventfd = eventfd;
        read = new CounterRead("eventfd", eventfd.descriptor());
    }

    /// Opens an event for each subscription: see [io.trale.reactive.Trale#event].
    public static Mono<Event> mono(Loop loop) {
        return new FutureMono<Event>(loop, () -> new ReadyFuture<>(() -> open(loop)), Event::dispose).assembled();
    }

    private static Event open(Loop loop) throws ErrnoException {
        EventFd eventfd = EventFd.counter();
        try {
            EventFdEvent event = new EventFdEvent(loop, eventfd);
            loop.opened(eventfd.descriptor(), event::close);
            return event;
        } catch (Throwable t) {
            eventfd.close();
            throw t;
        }
    }

    // ---- send signals

    @Override
    public void signal() {
        signal(1);
    }

    @Override
    public void signal(long count) {
        eventfd.signal(count);
    }

    @Override
    public Mono<Void> signal(Publisher<Long> counts) {
        return Flux.from(counts).doOnNext(this::signal).then();
    }

    @Override
    public Sink<Long> sink() {
        return new SubscriberSink<>(this::signal);
    }

    // ---- receive signals

    @Override
    public Flux<Long> signals() {
        return new SourceFlux<Long>("traleSignals", SignalSubscription::new).assembled();
    }

    // ---- life

    @Override
    public void dispose() {
        loop.run(this::close);
    }

    private void close() {
        eventfd.close();
        place.wake();
    }

    @Override
    public boolean isDisposed() {
        return !eventfd.descriptor().isOpen();
    }

    @Override
    public String toString() {
        return "Event(fd=" + eventfd.descriptor().fd() + ")";
    }

    /// One subscription to `signals()`.
    private final class SignalSubscription extends UnicastSubscription<Long> {

        private final Waker waker = this::drain;

        SignalSubscription(CoreSubscriber<? super Long> actual) {
            super(EventFdEvent.this.loop, place, actual);
        }

        @Override
        protected void progress() {
            try {
                while (loop.isOpen(eventfd.descriptor())) {
                    if (!wanted() || !read.hasCount(waker)) {
                        return;
                    }
                    next(read.take());
                }
                closed();
            } catch (ErrnoException e) {
                fail(e);
            }
        }

        @Override
        protected void release() {
            read.cancel();
        }

        @Override
        protected String describe() {
            return "signals() of " + EventFdEvent.this;
        }
    }
}
