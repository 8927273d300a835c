package io.trale.reactive;

import io.trale.reactive.Support.Pair;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.reactivestreams.tck.SubscriberWhiteboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// `Connection.sink()` keeps the rules of a Subscriber: the official white-box suite.
public class SinkTck extends SubscriberWhiteboxVerification<ByteBuffer> {

    private final Queue<Pair> pairs = new ConcurrentLinkedQueue<>();
    private Trale trale;

    public SinkTck() {
        super(new TestEnvironment(200, 50));
    }

    @BeforeClass
    public void start() {
        trale = Trale.start();
    }

    /// Not after each test, since some leave a subscriber behind, whose last signals the next test would take for its own.
    @AfterClass
    public void stop() {
        pairs.forEach(Pair::close);
        trale.close();
    }

    @Override
    public Subscriber<ByteBuffer> createSubscriber(WhiteboxSubscriberProbe<ByteBuffer> probe) {
        Pair pair = Pair.of(trale);
        pairs.add(pair);
        return new Probed<>(pair.connection().sink(), probe);
    }

    @Override
    public ByteBuffer createElement(int element) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, element);
    }

    /// A sink, with the suite looking on. It asks for elements as it likes, and gives up when it is told to.
    record Probed<T>(Sink<T> sink, WhiteboxSubscriberProbe<T> probe) implements Subscriber<T> {

        @Override
        public void onSubscribe(Subscription subscription) {
            sink.onSubscribe(subscription);
            probe.registerOnSubscribe(new SubscriberPuppet() {
                @Override
                public void triggerRequest(long elements) {
                    // the kernel's progress does that
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
