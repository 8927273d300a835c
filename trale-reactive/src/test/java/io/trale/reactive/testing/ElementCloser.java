package io.trale.reactive.testing;

import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/// Passes signals on and closes each element after the subscriber has seen it.
public record ElementCloser<T>(Subscriber<? super T> subscriber, Consumer<? super T> closer) implements Subscriber<T> {

    /// `elements`, each of which is closed after its subscriber has seen it.
    public static <T> Publisher<T> each(Publisher<T> elements, Consumer<? super T> closer) {
        return subscriber -> elements.subscribe(subscriber == null ? null : new ElementCloser<>(subscriber, closer));
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscriber.onSubscribe(subscription);
    }

    @Override
    public void onNext(T element) {
        try {
            subscriber.onNext(element);
        } finally {
            closer.accept(element);
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
