package io.trale.reactive;

import java.util.concurrent.CancellationException;
import org.reactivestreams.Subscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/// The subscriber form of a method that takes a publisher, such as [Connection#send]: for sources that are connected elsewhere,
/// or without Reactor. `org.reactivestreams.FlowAdapters` converts it to a `java.util.concurrent.Flow.Subscriber`.
///
/// For one source. Nothing happens before the source calls `onSubscribe`. The source does not learn the result of the
/// operation; [#onEnd] reports it.
public interface Sink<T> extends Subscriber<T>, Disposable {

    /// Completes when the source has completed and all its elements are processed. Fails as the method would have failed, or
    /// with the failure of the source, or with [CancellationException] after [#dispose]. Any number of subscribers, at any
    /// time.
    Mono<Void> onEnd();

    /// Cancels the source and the operation. Idempotent.
    @Override
    void dispose();
}
