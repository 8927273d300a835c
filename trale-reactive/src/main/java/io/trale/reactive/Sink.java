package io.trale.reactive;

import java.util.concurrent.CancellationException;
import org.reactivestreams.Subscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/// A subscriber that does with the elements of its source what a method with a publisher as its argument would do: for
/// those who have the publisher elsewhere, or without Reactor. `FlowAdapters` of Reactive Streams make it one of
/// `java.util.concurrent.Flow`.
///
/// It is for one source, and nothing happens before that has called [#onSubscribe]. The source cannot tell whether all was
/// well in the end, so that is asked for separately: [#onEnd].
public interface Sink<T> extends Subscriber<T>, Disposable {

    /// Completes when the source has completed and everything is done with what it had emitted; fails as the method would
    /// have failed, or with the failure of the source, or with [CancellationException] after [#dispose]. Any number may
    /// wait for it, also when it is over.
    Mono<Void> onEnd();

    /// Gives up: cancels the source, and what goes with it. Idempotent.
    @Override
    void dispose();
}
