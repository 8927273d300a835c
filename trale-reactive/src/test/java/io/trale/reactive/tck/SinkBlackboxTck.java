package io.trale.reactive.tck;

import io.trale.reactive.Trale;
import io.trale.reactive.testing.SinkKind;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// The official black-box suite on a sink.
public abstract class SinkBlackboxTck<T> extends SubscriberBlackboxVerification<T> {

    private final SinkKind<T> kind;
    private Trale trale;

    SinkBlackboxTck(SinkKind<T> kind) {
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
    public Subscriber<T> createSubscriber() {
        return kind.open().apply(trale);
    }

    @Override
    public T createElement(int element) {
        return kind.element().apply(element);
    }
}
