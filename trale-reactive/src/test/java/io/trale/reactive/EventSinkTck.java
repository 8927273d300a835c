package io.trale.reactive;

import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberWhiteboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// `Event.sink()` keeps the rules of a Subscriber: the official white-box suite.
public class EventSinkTck extends SubscriberWhiteboxVerification<Long> {

    private Trale trale;

    public EventSinkTck() {
        super(new TestEnvironment(200, 50));
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
    public Subscriber<Long> createSubscriber(WhiteboxSubscriberProbe<Long> probe) {
        return new SinkTck.Probed<>(trale.event().block().sink(), probe);
    }

    @Override
    public Long createElement(int element) {
        return 1L + element;
    }
}
