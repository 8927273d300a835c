package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// Many concurrent connections echo random bytes in chunks of random sizes: to pipelines on a second loop, and to blocking
/// clients of the JDK. Every byte comes back.
@Timeout(100)
class EchoTest {

    private static final int CONNECTIONS = Support.TORTURE ? 1000 : 200;
    private static final int BYTES = Support.TORTURE ? 1 << 20 : 256 << 10;
    private static final Duration LIMIT = Duration.ofSeconds(90);

    private int descriptorsBefore;
    private Trale trale;
    private Server server;
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void start() {
        descriptorsBefore = Support.descriptors();
        trale = Trale.start();
        server = trale.serve(Support.loopback(0), c -> c.send(c.receive()),
                ServeOptions.defaults().onConnectionError((c, failure) -> failures.add(failure))).block(LIMIT);
    }

    @AfterEach
    void stop() {
        server.disposeNow(LIMIT);
        assertThat(failures).isEmpty();
        assertThat(trale.stats().unknown()).isZero();
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        Support.untilDescriptors(descriptorsBefore);
    }

    /// Random bytes in chunks of random sizes, from one to 40,000 and mostly small; determined by the seed.
    private static final class Chunks {

        private final Random random;
        private int left;

        Chunks(long seed, int bytes) {
            random = new Random(seed);
            left = bytes;
        }

        boolean isEmpty() {
            return left == 0;
        }

        byte[] next() {
            int size = Math.min(left, 1 + random.nextInt(random.nextInt(8) == 0 ? 40_000 : 2_000));
            byte[] chunk = new byte[size];
            random.nextBytes(chunk);
            left -= size;
            return chunk;
        }
    }

    /// Compares the received bytes, in pieces of any size, with the sent bytes.
    private static final class Comparison {

        private final Chunks expected;
        private byte[] chunk = new byte[0];
        private int at;
        private long total;

        Comparison(long seed, int bytes) {
            expected = new Chunks(seed, bytes);
        }

        void accept(byte[] bytes, int count) {
            for (int i = 0; i < count; i++, total++) {
                if (at == chunk.length) {
                    assertThat(expected.isEmpty()).as("more came back than was sent").isFalse();
                    chunk = expected.next();
                    at = 0;
                }
                if (chunk[at++] != bytes[i]) {
                    throw new AssertionError("byte " + total + " is different");
                }
            }
        }

        long total() {
            return total;
        }
    }

    private static Flux<ByteBuffer> source(long seed) {
        return Flux.generate(() -> new Chunks(seed, BYTES), (chunks, sink) -> {
            if (chunks.isEmpty()) {
                sink.complete();
            } else {
                sink.next(ByteBuffer.wrap(chunks.next()));
            }
            return chunks;
        });
    }

    /// Sends and compares; the value is the number of bytes that came back.
    private static Mono<Long> client(Trale trale, SocketAddress address, long seed) {
        return trale.connect(address).flatMap(connection -> {
            Comparison comparison = new Comparison(seed, BYTES);
            return connection.handle(c -> c.send(source(seed)).then(c.shutdownOutput())
                            .and(c.receive().doOnNext(b -> comparison.accept(b.array(), b.remaining()))))
                    .then(Mono.fromSupplier(comparison::total));
        });
    }

    @Test
    void pipelinesGetEveryByteBack() {
        try (Trale clients = Trale.start()) {
            Long total = Flux.range(0, CONNECTIONS)
                    .flatMap(seed -> client(clients, server.localAddress(), seed), CONNECTIONS)
                    .reduce(0L, Long::sum).block(LIMIT);
            assertThat(total).isEqualTo((long) CONNECTIONS * BYTES);
            assertThat(clients.stats().unknown()).isZero();
        }
    }

    @Test
    void pipelinesOnTheServersOwnLoopGetEveryByteBack() {
        int few = CONNECTIONS / 4;
        Long total = Flux.range(0, few).flatMap(seed -> client(trale, server.localAddress(), seed), few)
                .reduce(0L, Long::sum).block(LIMIT);
        assertThat(total).isEqualTo((long) few * BYTES);
    }

    @Test
    void anEchoThroughOtherThreadsKeepsEveryByte() {
        int few = CONNECTIONS / 4;
        Server detour = trale.serve(Support.loopback(0), c -> c.send(c.receive().publishOn(Schedulers.parallel(), 8)))
                .block(LIMIT);
        try (Trale clients = Trale.start()) {
            Long total = Flux.range(0, few).flatMap(seed -> client(clients, detour.localAddress(), seed), few)
                    .reduce(0L, Long::sum).block(LIMIT);
            assertThat(total).isEqualTo((long) few * BYTES);
        }
        detour.disposeNow(LIMIT);
    }

    @Test
    void blockingClientsGetEveryByteBack() throws Exception {
        int few = CONNECTIONS / 4;
        AtomicLong total = new AtomicLong();
        Queue<Throwable> broken = new ConcurrentLinkedQueue<>();
        CountDownLatch done = new CountDownLatch(few);
        for (int i = 0; i < few; i++) {
            long seed = i;
            Thread.ofPlatform().start(() -> {
                try {
                    total.addAndGet(blockingClient(seed));
                } catch (Throwable t) {
                    broken.add(t);
                }
                done.countDown();
            });
        }
        assertThat(done.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(broken).isEmpty();
        assertThat(total).hasValue((long) few * BYTES);
    }

    private long blockingClient(long seed) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    OutputStream out = socket.getOutputStream();
                    for (Chunks chunks = new Chunks(seed, BYTES); !chunks.isEmpty();) {
                        out.write(chunks.next());
                    }
                    socket.shutdownOutput();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            Comparison comparison = new Comparison(seed, BYTES);
            InputStream in = socket.getInputStream();
            byte[] bytes = new byte[1 + new Random(seed).nextInt(20_000)];
            for (int count; (count = in.read(bytes)) >= 0;) {
                comparison.accept(bytes, count);
            }
            writer.join();
            return comparison.total();
        }
    }

    /// One client writes and does not read until the end. The server's window for it closes, but it holds nothing that other
    /// clients need. They come and go meanwhile. Then it reads, and no byte is missing.
    @Test
    void aStalledReaderDelaysNoOtherClientAndLosesNothing() throws Exception {
        int few = CONNECTIONS / 4;
        Chunks chunks = new Chunks(-1, 256 << 20);
        long written = 0;
        try (SocketChannel slow = SocketChannel.open(); Trale clients = Trale.start()) {
            slow.setOption(StandardSocketOptions.SO_RCVBUF, 256 << 10);
            slow.setOption(StandardSocketOptions.SO_SNDBUF, 256 << 10);
            slow.connect(server.localAddress());
            slow.configureBlocking(false);
            ByteBuffer rest = ByteBuffer.allocate(0);
            for (int zeros = 0; zeros < 5;) { // until the server stops reading, because its answers are not read
                rest = rest.hasRemaining() ? rest : ByteBuffer.wrap(chunks.next());
                int count = slow.write(rest);
                written += count;
                zeros = count == 0 ? zeros + 1 : 0;
                if (count == 0) {
                    Support.asleep(trale); // the server may only have been busy
                }
            }
            Support.untilStalled(trale, 16 + 1); // accepts, and the poll for writability

            Long total = Flux.range(0, few).flatMap(seed -> client(clients, server.localAddress(), seed), few)
                    .reduce(0L, Long::sum).block(LIMIT);
            assertThat(total).isEqualTo((long) few * BYTES);

            slow.configureBlocking(true);
            Comparison comparison = new Comparison(-1, 256 << 20);
            slow.shutdownOutput();
            byte[] bytes = Support.readAll(slow);
            comparison.accept(bytes, bytes.length);
            assertThat(comparison.total()).isEqualTo(written);
        }
    }
}
