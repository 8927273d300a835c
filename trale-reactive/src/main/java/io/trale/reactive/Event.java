package io.trale.reactive;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.reactive.loop.CounterRead;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactive.loop.UnicastSubscription;
import io.trale.reactive.send.SubscriberSink;
import io.trale.sync.EventFd;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Signals from any thread, counted by the kernel until somebody asks: `eventfd(2)`.
///
/// Its methods may be called from any thread; elements come on the loop. Made by [Trale#event].
public final class Event implements Disposable {

    private final Loop loop;
    private final EventFd eventfd;
    private final CounterRead read;
    private final UnicastSubscription.Place place = new UnicastSubscription.Place();

    private Event(Loop loop, EventFd eventfd) {
        this.loop = loop;
        this.eventfd = eventfd;
        read = new CounterRead("eventfd", eventfd.descriptor());
    }

    /// Opens one. Loop thread.
    static Event open(Loop loop) throws ErrnoException {
        Event event = new Event(loop, EventFd.counter());
        loop.opened(event.eventfd.descriptor(), event::close);
        return event;
    }

    // ---- signalling

    /// Signals once. One system call, which does not wait. Throws [IllegalStateException] once the event is disposed of.
    public void signal() {
        signal(1);
    }

    /// Signals `count` times, at least once, as one. One system call, which does not wait. Throws [IllegalStateException]
    /// once the event is disposed of, or if more than 2^64 - 2 signals would be pending; nothing is signalled then.
    public void signal(long count) {
        eventfd.signal(count);
    }

    /// Signals each element's number of times; completes with `counts`. Its demand is unbounded, since a signal is done at
    /// once, on the thread that emits. Fails as [#signal(long)] throws, and then `counts` is cancelled.
    public Mono<Void> signal(Publisher<Long> counts) {
        return Flux.from(counts).doOnNext(this::signal).then();
    }

    /// As [#signal(Publisher)], as a subscriber.
    public Sink<Long> sink() {
        return new SubscriberSink<>(this::signal);
    }

    // ---- being signalled

    /// How many signals there were since the last element, or since the beginning: at least 1. While there is demand one
    /// `read(2)` is in flight; with none there is none, and the kernel counts.
    ///
    /// Completes when the event is disposed of, or its loop closed, and what was not taken by then is lost. One subscriber at a time: after it
    /// has cancelled, or completed by count as in `take(n)`, the next goes on, and signals that came too late for the one
    /// are told to the other. More than 2^63 - 1 come in two elements.
    public Flux<Long> signals() {
        return new Signals().assembled();
    }

    // ---- life

    /// Closes the descriptor, after which nothing can be signalled. Idempotent.
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

    private final class Signals extends SourceFlux<Long> {

        Signals() {
            super("traleSignals");
        }

        @Override
        public void subscribe(CoreSubscriber<? super Long> actual) {
            new Signalled(Objects.requireNonNull(actual)).subscribe();
        }
    }

    private final class Signalled extends UnicastSubscription<Long> {

        private final Waker waker = this::drain;

        Signalled(CoreSubscriber<? super Long> actual) {
            super(Event.this.loop, place, actual);
        }

        @Override
        protected void advance() {
            try {
                while (!isDisposed() && !loop.isClosing()) {
                    if (!wanted() || !read.poll(waker)) {
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
            return "signals() of " + Event.this;
        }
    }
}
