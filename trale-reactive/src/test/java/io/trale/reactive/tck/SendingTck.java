package io.trale.reactive.tck;

import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Mono;

/// The official black-box suite on the subscriber that a send gives to its source.
public abstract class SendingTck<T> extends SubscriberBlackboxVerification<T> {

    private Trale trale;

    SendingTck() {
        super(Tck.environment());
    }

    @BeforeClass
    public void start() {
        trale = Trale.start();
    }

    /// Not after each test: some tests leave a subscriber behind, whose late signals would count in the next test.
    @AfterClass
    public void stop() {
        trale.close();
    }

    abstract Mono<Void> send(Trale trale, Publisher<T> source);

    @Override
    public Subscriber<T> createSubscriber() {
        CompletableFuture<Subscriber<T>> subscriber = new CompletableFuture<>();
        Publisher<T> source = s -> {
            @SuppressWarnings("unchecked") // it accepts any T
            Subscriber<T> taker = (Subscriber<T>) s;
            subscriber.complete(taker);
        };
        send(trale, source).subscribe(nothing -> { }, failure -> { });
        return Support.get(subscriber);
    }
}
