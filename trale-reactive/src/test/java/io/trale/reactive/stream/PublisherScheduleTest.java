package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import io.trale.reactive.Internals;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Sink;
import io.trale.reactive.testing.EndListener;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.testing.RuleCheckingSubscriber;
import io.trale.reactive.testing.SimSource;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Publishers and subscribers of connections on the simulated kernel with random schedules: they follow the rules, lose no
/// byte, and leave nothing behind.
@Timeout(120)
class PublisherScheduleTest {

    private static final InetSocketAddress ANY = Support.loopback(0);
    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.EXHAUSTION, Fault.HICCUP);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-reactive", "PublisherScheduleTest#" + name, 0.06, scenario);
    }

    private static byte[] bytes(SplittableRandom random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    // ---- receive

    /// Receives with random demand; another one follows after its cancel.
    private static final class RandomReceiver extends RandomDemandSubscriber<ByteBuffer> {

        private final Connection connection;
        private final ByteArrayOutputStream received;
        private final Runnable whenEnded;
        private final Throwable[] failure;

        RandomReceiver(SimKernel kernel, Connection connection, ByteArrayOutputStream received, List<String> breaches,
                Throwable[] failure, Runnable whenEnded) {
            super(kernel, breaches);
            this.connection = connection;
            this.received = received;
            this.failure = failure;
            this.whenEnded = whenEnded;
        }

        @Override
        protected void take(ByteBuffer element) {
            received.writeBytes(Support.bytesOf(element));
        }

        @Override
        protected void cancelled() {
            ConnectionProbe.loop(connection).run(() -> connection.receive().subscribe(
                    new RandomReceiver(kernel, connection, received, breaches, failure, whenEnded)));
        }

        @Override
        protected void end(Throwable failure) {
            this.failure[0] = failure;
            whenEnded.run();
        }
    }

    @Test
    void bytesArriveOnceAtRandomDemand() {
        run("bytesArriveOnceAtRandomDemand", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            byte[] sent = bytes(random, 1000);
            boolean breaking = random.nextInt(4) == 0;
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            List<String> breaches = new ArrayList<>();
            Throwable[] failure = new Throwable[1];
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> trale.bind(ANY).subscribe(listener -> {
                SimPeer peer = kernel.connectTo(Support.loopback(listener.port())).send(sent);
                listener.accept().next().subscribe(connection -> {
                    if (breaking) {
                        kernel.after(random.nextLong(2_000_000), peer::reset);
                    } else {
                        peer.finish();
                    }
                    connection.onClose().subscribe(null, null, done::set);
                    connection.receive().subscribe(new RandomReceiver(kernel, connection, received, breaches, failure,
                            () -> connection.close().subscribe()));
                });
            }));
            assertThat(breaches).isEmpty();
            if (breaking) {
                assertThat(failure[0]).hasMessageContaining("ECONNRESET");
                assertThat(received.toByteArray()).isEqualTo(Arrays.copyOf(sent, received.size()));
            } else {
                assertThat(failure[0]).isNull();
                assertThat(received.toByteArray()).isEqualTo(sent);
            }
        });
    }

    // ---- send

    private static Publisher<ByteBuffer> source(SimKernel kernel, byte[] bytes, List<String> breaches, boolean elsewhere) {
        return new SimSource(kernel, bytes, 0, breaches, elsewhere);
    }

    @Test
    void sendsReachAStallingPeerInOrder() {
        run("sendsReachAStallingPeerInOrder", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<byte[]> sent = new ArrayList<>();
            List<String> breaches = new ArrayList<>();
            SimPeer[] peer = new SimPeer[1];
            boolean half = random.nextBoolean();
            kernel.listenOn(7, accepted -> {
                peer[0] = accepted;
                for (int i = random.nextInt(5); i > 0; i--) {
                    long when = random.nextLong(2_000_000);
                    kernel.after(when, () -> accepted.reading(false));
                    kernel.after(when + random.nextLong(5_000_000), () -> accepted.reading(true));
                }
                if (half) {
                    accepted.finish();
                }
            });
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(c -> {
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    byte[] bytes = bytes(random, 1000);
                    sent.add(bytes);
                    Publisher<ByteBuffer> source = source(kernel, bytes, breaches, random.nextBoolean());
                    send(c, source, random.nextBoolean()).subscribe(null, failure -> breaches.add("send: " + failure));
                }
                c.shutdownOutput().subscribe(null, failure -> breaches.add("shutdown: " + failure), () ->
                        kernel.foreign(() -> c.receive().subscribe(null, failure -> breaches.add("receive: " + failure),
                                () -> c.close().subscribe(null, null, done::set))));
                kernel.after(20_000_000, () -> peer[0].reading(true));
                untilSeen(kernel, () -> peer[0] != null && peer[0].sawEnd(), () -> peer[0].finish());
            }));
            kernel.elapse(1_000_000_000);
            assertThat(breaches).isEmpty();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            sent.forEach(all::writeBytes);
            assertThat(peer[0].received()).isEqualTo(all.toByteArray());
        });
    }

    private static Mono<Void> send(Connection connection, Publisher<ByteBuffer> source, boolean throughSink) {
        if (!throughSink) {
            return connection.send(source);
        }
        Sink<ByteBuffer> sink = connection.sink();
        source.subscribe(sink);
        return sink.onEnd();
    }

    /// Checks `condition` from time to time, and runs `action` once it holds.
    private static void untilSeen(SimKernel kernel, java.util.function.BooleanSupplier condition, Runnable action) {
        kernel.after(1_000_000, () -> {
            if (condition.getAsBoolean()) {
                action.run();
            } else {
                untilSeen(kernel, condition, action);
            }
        });
    }

    // ---- serve

    @Test
    void politePeersAreEchoedDespiteRudeOnes() {
        run("politePeersAreEchoedDespiteRudeOnes", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            int count = 1 + random.nextInt(8);
            List<SimPeer> polite = new ArrayList<>();
            List<byte[]> sent = new ArrayList<>();
            ServeOptions options = ServeOptions.defaults().maxConnections(1 + random.nextInt(5))
                    .onConnectionError((connection, failure) -> { });
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) ->
                    trale.serve(ANY, c -> c.send(c.receive()), options).subscribe(server -> {
                        server.onClose().subscribe(null, null, done::set);
                        for (int i = 0; i < count; i++) {
                            byte[] bytes = bytes(random, 500);
                            SimPeer peer = kernel.connectTo(Support.loopback(server.port())).send(bytes);
                            switch (random.nextInt(5)) {
                                case 0 -> kernel.after(random.nextLong(3_000_000), peer::reset);
                                case 1 -> kernel.after(random.nextLong(3_000_000), peer::close);
                                case 2 -> {
                                    peer.reading(false); // stops reading, until it is reset
                                    kernel.after(random.nextLong(9_000_000), peer::reset);
                                }
                                default -> {
                                    sent.add(bytes);
                                    polite.add(peer.finish());
                                }
                            }
                        }
                        untilSeen(kernel, () -> polite.stream().allMatch(SimPeer::sawEnd), () -> kernel.foreign(() -> {
                            switch (random.nextInt(3)) {
                                case 0 -> server.dispose();
                                case 1 -> server.disposeGracefully(Duration.ofSeconds(1)).subscribe();
                                default -> Internals.loop(trale).execute(trale::close);
                            }
                        }));
                    }));
            for (int i = 0; i < polite.size(); i++) {
                assertThat(polite.get(i).errno()).isZero();
                assertThat(polite.get(i).received()).isEqualTo(sent.get(i));
            }
        });
    }

    // ---- everything, and a close in the middle of it

    private static Mono<Void> talk(SimKernel kernel, Connection connection, List<String> breaches) {
        SplittableRandom random = kernel.random();
        Flux<ByteBuffer> received = connection.receive();
        Publisher<ByteBuffer> mine = source(kernel, bytes(random, 500), breaches, random.nextBoolean());
        return switch (random.nextInt(4)) {
            case 0 -> connection.send(received);
            case 1 -> connection.send(mine).and(received);
            case 2 -> received.take(1 + random.nextInt(3)).then(connection.send(mine)).then(connection.shutdownOutput());
            default -> connection.send(Flux.concat(mine, Mono.error(new IllegalStateException("on purpose"))));
        };
    }

    private static void visit(SimKernel kernel, SimPeer peer) {
        SplittableRandom random = kernel.random();
        peer.send(bytes(random, 500)).reading(random.nextInt(4) > 0);
        if (random.nextBoolean()) {
            peer.finish();
        }
        if (random.nextBoolean()) {
            kernel.after(random.nextLong(4_000_000), random.nextBoolean() ? peer::close : peer::reset);
        }
    }

    @Test
    void closeDuringAnyOperationLeavesNothing() {
        run("closeDuringAnyOperationLeavesNothing", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            kernel.listenOn(7, peer -> visit(kernel, peer));
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                trale.serve(ANY, c -> talk(kernel, c, breaches), ServeOptions.defaults().onConnectionError((c, e) -> { }))
                        .subscribe(server -> {
                            for (int i = random.nextInt(6); i > 0; i--) {
                                kernel.after(random.nextLong(2_000_000),
                                        () -> visit(kernel, kernel.connectTo(Support.loopback(server.port()))));
                            }
                        });
                for (int i = random.nextInt(4); i > 0; i--) {
                    EndListener outcome = new EndListener(breaches, failure -> { });
                    trale.connect(Support.loopback(7 + random.nextInt(2)))
                            .flatMap(c -> c.handle(connection -> talk(kernel, connection, breaches)))
                            .subscribe(outcome);
                    if (random.nextInt(5) == 0) {
                        kernel.foreignAfter(random.nextLong(3_000_000), outcome::cancelEarly);
                    }
                }
                kernel.foreignAfter(random.nextLong(5_000_000), () -> {
                    if (random.nextBoolean()) {
                        Internals.loop(trale).execute(trale::close);
                    } else {
                        Internals.loop(trale).execute(done::set);
                    }
                });
            });
            assertThat(breaches).isEmpty();
        });
    }

    @Test
    void connectsMayBeCancelledAtAnyMoment() {
        run("connectsMayBeCancelledAtAnyMoment", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            kernel.listenOn(7, peer -> { });
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                for (int i = 1 + random.nextInt(4); i > 0; i--) {
                    trale.connect(Support.loopback(7 + random.nextInt(3) / 2)).subscribe(new RuleCheckingSubscriber<Connection>(breaches) {
                        @Override
                        protected void start() {
                            RandomDemandSubscriber.onAnyThread(kernel, () -> request(1));
                            if (random.nextBoolean()) {
                                kernel.foreignAfter(random.nextLong(1_000_000), () -> {
                                    if (!isOver()) {
                                        cancel();
                                    }
                                });
                            }
                        }

                        @Override
                        protected void element(Connection connection) {
                            RandomDemandSubscriber.onAnyThread(kernel, connection::abort);
                        }

                        @Override
                        protected void end(Throwable failure) {}
                    });
                }
                kernel.foreignAfter(10_000_000, () -> Internals.loop(trale).execute(done::set));
            });
            assertThat(breaches).isEmpty();
        });
    }
}
