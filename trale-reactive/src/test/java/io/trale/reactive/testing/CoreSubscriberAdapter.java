package io.trale.reactive.testing;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CorePublisher;
import reactor.core.CoreSubscriber;

/// Passes a subscriber to a source as a [CoreSubscriber]. Reactor would put a wrapper before any other subscriber, and the
/// wrapper would enforce some rules in place of the publisher.
public record CoreSubscriberAdapter<T>(Subscriber<? super T> subscriber) implements CoreSubscriber<T> {

    /// `source`, without a wrapper before its subscribers.
    public static <T> Publisher<T> raw(CorePublisher<T> source) {
        return subscriber -> source.subscribe(subscriber == null ? null : new CoreSubscriberAdapter<>(subscriber));
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscriber.onSubscribe(subscription);
    }

    @Override
    public void onNext(T element) {
        subscriber.onNext(element);
    }

    @Override
    public void onError(Throwable failure) {
        subscriber.onError(failure);
    }

    @Override
    public void onComplete() {
        subscriber.onComplete();
    }
}
