package io.trale.reactive;

import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Signals from any thread, counted by the kernel until somebody asks: `eventfd(2)`.
///
/// Its methods may be called from any thread; elements come on the loop. Made by [Trale#event].
public interface Event extends Disposable {

    // ---- signalling

    /// Signals once. One system call, which does not wait. Throws [IllegalStateException] once the event is disposed of.
    void signal();

    /// Signals `count` times, at least once, as one. One system call, which does not wait. Throws [IllegalStateException]
    /// once the event is disposed of, or if more than 2^64 - 2 signals would be pending; nothing is signalled then.
    void signal(long count);

    /// Signals each element's number of times; completes with `counts`. Its demand is unbounded, since a signal is done at
    /// once, on the thread that emits. Fails as [#signal(long)] throws, and then `counts` is cancelled.
    Mono<Void> signal(Publisher<Long> counts);

    /// As [#signal(Publisher)], as a subscriber.
    Sink<Long> sink();

    // ---- being signalled

    /// How many signals there were since the last element, or since the beginning: at least 1. While there is demand one
    /// `read(2)` is in flight; with none there is none, and the kernel counts.
    ///
    /// Completes when the event is disposed of, or its loop closed, and what was not taken by then is lost. One subscriber at a time: after it
    /// has cancelled, or completed by count as in `take(n)`, the next goes on, and signals that came too late for the one
    /// are told to the other. More than 2^63 - 1 come in two elements.
    Flux<Long> signals();

    // ---- life

    /// Closes the descriptor, after which nothing can be signalled. Idempotent.
    @Override
    void dispose();
}
