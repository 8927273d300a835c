package io.trale.reactive.tck;

import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.ElementCloser;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;

/// The official suite on `Listener.accept()` as a Flux. Clients connect one after the other until there were n; then the
/// listener is closed.
public class AcceptTck extends SourceTck<Connection> {

    private Trale trale;

    public AcceptTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start();
    }

    @AfterClass
    public void stop() {
        trale.close();
    }

    /// The publisher under test.
    Publisher<Connection> asSeen(Flux<Connection> accepted) {
        return ElementCloser.each(accepted, Connection::abort);
    }

    @Override
    public Publisher<Connection> createPublisher(long elements) {
        Listener listener = trale.bind(Support.loopback(0)).block();
        Thread.ofPlatform().daemon().start(() -> connect(listener, elements));
        return asSeen(listener.accept());
    }

    private static void connect(Listener listener, long times) {
        SocketAddress address = listener.localAddress();
        for (long left = times; left > 0 && !listener.isDisposed(); left--) {
            try (SocketChannel channel = SocketChannel.open(address)) {
                channel.socket().getInputStream().read(); // until the connection is accepted and aborted
            } catch (IOException e) {
                // aborted, or the end of the test
            }
        }
        listener.dispose();
    }

    /// A source that already has a subscriber.
    @Override
    public Publisher<Connection> createFailedPublisher() {
        Listener listener = trale.bind(Support.loopback(0)).block();
        listener.accept().subscribe();
        return asSeen(listener.accept());
    }
}
