package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trale.reactive.Internals;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import io.trale.reactor.BufferGroup;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/// The memory of a connection that waits for its peer.
@Timeout(120)
class ManyConnectionsTest {

    private static final int MOST_BYTES = 2048;

    /// The elements of all connections.
    private final AtomicInteger received = new AtomicInteger();

    /// Requests one element.
    private final class One extends BaseSubscriber<ByteBuffer> {

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        protected void hookOnNext(ByteBuffer element) {
            received.incrementAndGet();
        }

        @Override
        protected void hookOnError(Throwable failure) {} // the end of the test
    }

    private Server serve(Trale trale, int count) {
        return trale.serve(Support.loopback(0), connection -> {
            connection.receive().subscribe(new One());
            return Mono.never();
        }, ServeOptions.defaults().maxConnections(count)).block();
    }

    /// Created once: classes and their caches.
    private void warmUp() throws IOException {
        try (Trale trale = Trale.start(); SocketChannel client = SocketChannel.open(serve(trale, 1).localAddress())) {
            Support.write(client, new byte[1]);
            Support.until("a byte", () -> received.getAndSet(0) == 1);
        }
    }

    /// The bytes of live objects.
    private static long liveHeap() {
        for (int i = 0; i < 3; i++) { // the referents of references are collected with the second
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /// The limit of descriptors of this process.
    private static long descriptorLimit() throws IOException {
        try (Stream<String> limits = Files.lines(Path.of("/proc/self/limits"))) {
            String[] fields = limits.filter(line -> line.startsWith("Max open files")).findFirst().orElseThrow().split(" +");
            return fields[3].equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(fields[3]);
        }
    }

    private static void assertNoBufferIsTaken(Trale trale) {
        BufferGroup buffers = Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().receiveGroup());
        assertThat(Support.onLoop(trale, buffers::free)).isEqualTo(buffers.count());
    }

    /// No accept is in flight, because the limit of connections is reached.
    @ParameterizedTest
    @ValueSource(ints = {1000, 10_000})
    void aWaitingConnectionHoldsLittleHeapAndNoBuffer(int count) throws IOException {
        long needed = Support.descriptors() + count + 100;
        long limit = descriptorLimit();
        assumeTrue(limit >= needed, () -> "needs a limit of " + needed + " descriptors, it is " + limit + " (ulimit -n)");
        warmUp();
        try (Trale trale = Trale.start()) {
            Server server = serve(trale, count);
            Support.asleep(trale);
            long before = liveHeap();
            try (ManyClients clients = new ManyClients(server.port(), count)) {
                for (int some = count / 10; some <= count; some += count / 10) {
                    int few = some;
                    Support.until(some + " connections", () -> trale.stats().inFlight() >= few);
                }
                Support.untilStalled(trale, count);
                assertNoBufferIsTaken(trale);
                assertThat((liveHeap() - before) / count).as("bytes of heap per connection").isLessThan(MOST_BYTES);

                clients.send();
                Support.until("a byte of each", () -> received.get() == count);
                Support.untilStalled(trale, 0);
                assertNoBufferIsTaken(trale);
                assertThat((liveHeap() - before) / count).as("bytes of heap per connection, after use").isLessThan(MOST_BYTES);
            }
        }
    }
}
