package io.trale.reactive.tck;

import io.trale.reactive.Sink;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.reactivestreams.tck.SubscriberWhiteboxVerification;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// The official white-box suite on a sink.
public abstract class SinkTck<T> extends SubscriberWhiteboxVerification<T> {

    private final SinkKind<T> kind;
    private Trale trale;

    SinkTck(SinkKind<T> kind) {
        super(Tck.environment());
        this.kind = kind;
    }

    @BeforeClass
    public void start() {
        trale = Trale.start();
    }

    @AfterClass
    public void stop() {
        trale.close();
    }

    @Override
    public Subscriber<T> createSubscriber(WhiteboxSubscriberProbe<T> probe) {
        return new Probed<>(kind.open().apply(trale), probe);
    }

    @Override
    public T createElement(int element) {
        return kind.element().apply(element);
    }

    /// A sink that reports its signals to the suite. It requests by itself, and cancels when the suite says so.
    private record Probed<T>(Sink<T> sink, WhiteboxSubscriberProbe<T> probe) implements Subscriber<T> {

        @Override
        public void onSubscribe(Subscription subscription) {
            sink.onSubscribe(subscription);
            probe.registerOnSubscribe(new SubscriberPuppet() {
                @Override
                public void triggerRequest(long elements) {
                    // the progress of the kernel requests
                }

                @Override
                public void signalCancel() {
                    sink.dispose();
                }
            });
        }

        @Override
        public void onNext(T element) {
            sink.onNext(element);
            probe.registerOnNext(element);
        }

        @Override
        public void onError(Throwable failure) {
            sink.onError(failure);
            probe.registerOnError(failure);
        }

        @Override
        public void onComplete() {
            sink.onComplete();
            probe.registerOnComplete();
        }
    }
}
