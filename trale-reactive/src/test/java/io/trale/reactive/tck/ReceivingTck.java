package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// The official suite on receives of a connection. Receive buffers have one byte each: a peer that writes n bytes and ends is a
/// source of n elements.
public abstract class ReceivingTck<T> extends SourceTck<T> {

    private static final int CHUNK = 1024;

    private final Queue<Pair> pairs = new ConcurrentLinkedQueue<>();
    private Trale trale;

    ReceivingTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start(ExecutorOptions.defaults().receiveBuffers(16, 1).leaseBuffers(16, 1));
    }

    /// Not after each test: some tests leave a subscriber behind, whose late signals would count in the next test.
    @AfterClass
    public void stop() {
        pairs.forEach(Pair::close);
        trale.close();
    }

    /// The publisher under test.
    abstract Publisher<T> publisher(Connection connection);

    @Override
    public Publisher<T> createPublisher(long elements) {
        Pair pair = pair();
        Thread.ofPlatform().daemon().start(() -> feed(pair, elements));
        return publisher(pair.connection());
    }

    private Pair pair() {
        Pair pair = Pair.of(trale);
        pairs.add(pair);
        return pair;
    }

    private static void feed(Pair pair, long elements) {
        try {
            for (long left = elements; left > 0;) {
                left -= pair.peer().write(ByteBuffer.allocate((int) Math.min(left, CHUNK)));
            }
            pair.peer().shutdownOutput();
        } catch (IOException e) {
            // the end of the test
        }
    }

    @Override
    public Publisher<T> createFailedPublisher() {
        Pair pair = pair();
        pair.connection().close().block();
        return publisher(pair.connection());
    }
}
