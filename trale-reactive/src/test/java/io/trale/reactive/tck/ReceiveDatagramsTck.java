package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;

/// The official suite on `UdpEndpoint.receive()` as a Flux, for publishers that never complete, with a peer that always sends.
public class ReceiveDatagramsTck extends SourceTck<Datagram> {

    private final Queue<UdpEndpoint> endpoints = new ConcurrentLinkedQueue<>();
    private Trale trale;
    private Thread sender;
    private volatile boolean stopping;

    public ReceiveDatagramsTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start();
        sender = Thread.ofPlatform().daemon().start(() -> {
            try (DatagramChannel channel = DatagramChannel.open()) {
                while (!stopping) {
                    for (UdpEndpoint endpoint : endpoints) {
                        channel.send(ByteBuffer.allocate(1), endpoint.localAddress());
                    }
                    LockSupport.parkNanos(20_000);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @AfterClass
    public void stop() throws InterruptedException {
        stopping = true;
        sender.join();
        trale.close();
    }

    /// The publisher under test.
    Publisher<Datagram> asSeen(Flux<Datagram> received) {
        return received;
    }

    private UdpEndpoint endpoint() {
        return trale.udp(Support.loopback(0)).block();
    }

    @Override
    public Publisher<Datagram> createPublisher(long elements) {
        UdpEndpoint endpoint = endpoint();
        endpoints.add(endpoint);
        return asSeen(endpoint.receive());
    }

    /// A source that already has a subscriber.
    @Override
    public Publisher<Datagram> createFailedPublisher() {
        UdpEndpoint endpoint = endpoint();
        endpoint.receive().subscribe();
        return asSeen(endpoint.receive());
    }

    @Override
    public long maxElementsFromPublisher() {
        return publisherUnableToSignalOnComplete();
    }
}
