package io.trale.reactive;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberWhiteboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;

/// `Trale.sink(Path)` keeps the rules of a Subscriber: the official white-box suite.
public class FileSinkTck extends SubscriberWhiteboxVerification<ByteBuffer> {

    private Trale trale;

    public FileSinkTck() {
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
    public Subscriber<ByteBuffer> createSubscriber(WhiteboxSubscriberProbe<ByteBuffer> probe) {
        return new SinkTck.Probed<>(trale.sink(Path.of("/dev/null")), probe);
    }

    @Override
    public ByteBuffer createElement(int element) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, element);
    }
}
