package io.trale.reactive;

import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A counter of signals that any thread may send: the kernel counts them until there is demand (`eventfd(2)`).
///
/// All methods may be called from any thread; elements come on the loop thread. [Trale#event] opens an event.
public interface Event extends Disposable {

    // ---- send signals

    /// Signals once: one system call, which does not wait. Throws [IllegalStateException] if the event is disposed of.
    void signal();

    /// Signals `count` times, at least once: one system call, which does not wait. Throws [IllegalStateException] if the event
    /// is disposed of, or if more than 2^64 - 2 signals would be pending; then nothing is signalled.
    void signal(long count);

    /// Calls [#signal(long)] with each element, on the thread that emits it; completes with `counts`. The demand is unbounded,
    /// since a signal does not wait. If [#signal(long)] throws, this fails with that error and cancels `counts`.
    Mono<Void> signal(Publisher<Long> counts);

    /// As [#signal(Publisher)], as a subscriber.
    Sink<Long> sink();

    // ---- receive signals

    /// The number of signals since the last element, or since the opening; at least 1. While there is demand, one `read(2)` is
    /// in flight. Without demand there is none, and the kernel counts.
    ///
    /// Completes when the event is disposed of or its loop is closed; signals that were not read by then are lost. One
    /// subscriber at a time; a second one fails with [IllegalStateException]. After a cancel, or a completion by count as in
    /// `take(n)`, the next subscriber continues, and no signal is lost in between. More than 2^63 - 1 signals come in two
    /// elements.
    Flux<Long> signals();

    // ---- life

    /// Closes the descriptor. Later signals throw. Idempotent.
    @Override
    void dispose();
}
