package io.trale.reactive;

import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/// Any subscriber as one of Reactor's own kind, with nothing in between: Reactor wraps all others, and keeps some of the
/// rules for the source that way.
record Passing<T>(Subscriber<? super T> subscriber) implements CoreSubscriber<T> {

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
