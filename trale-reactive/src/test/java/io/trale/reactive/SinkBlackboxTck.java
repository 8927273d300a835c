package io.trale.reactive;

import io.trale.reactive.Support.Pair;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// `Connection.sink()` keeps the rules of a Subscriber towards any Publisher: the official black-box suite.
public class SinkBlackboxTck extends SubscriberBlackboxVerification<ByteBuffer> {

    private final Queue<Pair> pairs = new ConcurrentLinkedQueue<>();
    private Trale trale;

    public SinkBlackboxTck() {
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
    public Subscriber<ByteBuffer> createSubscriber() {
        Pair pair = Pair.of(trale);
        pairs.add(pair);
        return pair.connection().sink();
    }

    @Override
    public ByteBuffer createElement(int element) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, element);
    }
}
