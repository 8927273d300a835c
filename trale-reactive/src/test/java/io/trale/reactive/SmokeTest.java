package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.testing.Support;
import io.trale.sim.Capability;
import io.trale.sim.MaskedKernel;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Connections on the real kernel without one capability after the other, with queues and buffers of the usual and of the
/// smallest sizes.
@ParameterizedClass(name = "without {0}, {1} entries, {3} buffers")
@MethodSource("kernels")
@Timeout(60)
class SmokeTest {

    private static final Duration LIMIT = Duration.ofSeconds(50);

    @Parameter(0)
    private Set<Capability> lacking;
    @Parameter(1)
    private int submissions;
    @Parameter(2)
    private int completions;
    @Parameter(3)
    private int buffers;
    @Parameter(4)
    private int bufferBytes;

    private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> broken = new ConcurrentLinkedQueue<>();
    private Trale trale;
    private Trale clients;
    private Server server;

    static List<Arguments> kernels() {
        List<Arguments> kernels = new ArrayList<>();
        for (Set<Capability> mask : Capability.masks()) {
            kernels.add(Arguments.of(mask, 256, 4096, 64, 64 << 10));
            kernels.add(Arguments.of(mask, 1, 2, 1, 100));
            kernels.add(Arguments.of(mask, 2, 4, 2, 1000));
        }
        return kernels;
    }

    @BeforeEach
    void start() {
        trale = startOne();
        clients = startOne();
        server = serve(c -> c.send(c.receive()));
    }

    private Server serve(Function<Connection, Publisher<Void>> handler) {
        return trale.serve(Support.loopback(0), handler,
                ServeOptions.defaults().onConnectionError((c, failure) -> broken.add(failure))).block(LIMIT);
    }

    private Trale startOne() {
        return Trale.start(MaskedKernel.without(lacking), ExecutorOptions.defaults()
                .ringEntries(submissions, completions).receiveBuffers(buffers, bufferBytes)
                .sendBlocks(buffers, bufferBytes).leaseBuffers(buffers, bufferBytes).uncaught(uncaught::add));
    }

    @AfterEach
    void nothingIsLeft() {
        clients.close();
        trale.close();
        assertThat(uncaught).isEmpty();
        for (Trale each : List.of(trale, clients)) {
            assertThat(each.stats().inFlight()).isZero();
            assertThat(each.stats().unknown()).isZero();
        }
    }

    private Mono<byte[]> echoed(Server server, byte[] bytes, int chunkBytes) {
        Flux<ByteBuffer> chunks = Flux.range(0, (bytes.length + chunkBytes - 1) / chunkBytes)
                .map(i -> ByteBuffer.wrap(bytes, i * chunkBytes, Math.min(chunkBytes, bytes.length - i * chunkBytes)));
        return clients.connect(server.localAddress()).flatMap(connection -> {
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            return connection.handle(c -> Mono.when(c.send(chunks).then(c.shutdownOutput()),
                    c.receive().doOnNext(element -> received.write(element.array(), 0, element.remaining())).then()))
                    .then(Mono.fromSupplier(received::toByteArray));
        });
    }

    @Test
    void everyByteIsEchoedToManyConnections() {
        everyByteComesBackFrom(server);
    }

    @Test
    void everyByteIsEchoedWithLeases() {
        everyByteComesBackFrom(serve(c -> c.sendLeases(c.receiveLeases())));
    }

    private void everyByteComesBackFrom(Server server) {
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            byte[] bytes = new byte[10_000];
            new Random(i).nextBytes(bytes);
            sent.add(bytes);
        }
        List<byte[]> received = Flux.fromIterable(sent).flatMapSequential(bytes -> echoed(server, bytes, 777), 10)
                .collectList().block(LIMIT);
        assertThat(received).usingElementComparator(Arrays::compare).isEqualTo(sent);
        assertThat(broken).isEmpty();
    }

    @Test
    void bytesThatOneSubscriberLeavesGoToTheNext() {
        Connection connection = clients.connect(server.localAddress()).block(LIMIT);
        for (byte i = 0; i < 20; i++) {
            connection.receive().subscribe().dispose(); // starts a receive, then cancels
            connection.send(Mono.just(ByteBuffer.wrap(new byte[] {i}))).block(LIMIT);
            assertThat(connection.receive().blockFirst(LIMIT)).isEqualTo(ByteBuffer.wrap(new byte[] {i}));
        }
        connection.close().block(LIMIT);
        assertThat(broken).isEmpty();
    }

    @Test
    void closeEndsWaitingConnections() {
        Queue<Throwable> ends = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 10; i++) {
            Connection connection = clients.connect(server.localAddress()).block(LIMIT);
            connection.receive().subscribe(element -> { }, ends::add);
        }
        clients.close();
        assertThat(ends).hasSize(10).allMatch(ConnectionClosedException.class::isInstance);
    }
}
