package io.trale.reactive;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/// Closes the leases that a subscriber is shown who does not know that it has to.
record Closing(Subscriber<? super Lease> subscriber) implements Subscriber<Lease> {

    /// `leases`, each of which is closed when its subscriber has seen it.
    static Publisher<Lease> each(Publisher<Lease> leases) {
        return subscriber -> leases.subscribe(subscriber == null ? null : new Closing(subscriber));
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscriber.onSubscribe(subscription);
    }

    @Override
    public void onNext(Lease lease) {
        try (lease) {
            subscriber.onNext(lease);
        }
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
