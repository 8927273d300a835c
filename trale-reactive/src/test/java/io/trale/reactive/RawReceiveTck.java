package io.trale.reactive;

import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/// `Connection.receive()` keeps the rules of Reactive Streams on its own: the suite of [ReceiveTck], with its subscribers
/// passed through as Reactor's own kind, since for any other Reactor puts a wrapper between that keeps some of the rules.
public class RawReceiveTck extends ReceiveTck {

    public RawReceiveTck() {}

    @Override
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> receive) {
        return subscriber -> receive.subscribe(subscriber == null ? null : new Passing<>(subscriber));
    }

    private record Passing<T>(Subscriber<? super T> subscriber) implements CoreSubscriber<T> {

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
}
