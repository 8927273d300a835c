package io.trale.reactive.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.Connection;
import io.trale.reactive.Lease;
import io.trale.reactive.Trale;
import io.trale.reactive.codec.DecodeFlux;
import io.trale.reactive.codec.Decoder;
import io.trale.reactive.stream.ConnectionProbe;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.testing.RuleCheckingSubscriber;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Leases, and bytes read in place, on the simulated kernel with random schedules: no byte is lost or doubled, the kernel and
/// trale never own the same memory, and every lease is returned. The last is checked at the end: the buffers are unmapped only
/// if none is on lease, and the kernel tracks every mapping.
@Timeout(120)
class LeaseScheduleTest {

    private static final InetSocketAddress ANY = Support.loopback(0);
    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.EXHAUSTION, Fault.HICCUP);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-reactive", "LeaseScheduleTest#" + name, 0.06, scenario);
    }

    private static ExecutorOptions options(SimKernel kernel) {
        return Seeds.options(kernel).leaseBuffers(Seeds.oneOf(kernel.random(), 1, 2, 8, 32),
                Seeds.oneOf(kernel.random(), 1, 64, 4096));
    }

    private static byte[] bytes(SplittableRandom random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Runs `action` on another thread after the end of the loop.
    private static void atTheEnd(SimKernel kernel, Trale trale, Runnable action) {
        trale.onClose().subscribe(null, null, () -> kernel.foreign(action));
    }

    // ---- receive

    /// The received pieces in order. A lease is read only when it is closed.
    private static final class Pieces {

        private final SimKernel kernel;
        private final List<byte[]> pieces = new ArrayList<>();
        private final Map<Integer, Lease> open = new HashMap<>();

        Pieces(SimKernel kernel) {
            this.kernel = kernel;
        }

        void add(byte[] bytes) {
            pieces.add(bytes);
        }

        /// Keeps `lease` for a random time, perhaps to the end, and closes it on a random thread.
        void add(Lease lease) {
            int place = pieces.size();
            pieces.add(new byte[0]);
            open.put(place, lease);
            kernel.foreignAfter(kernel.random().nextLong(300_000), () -> RandomDemandSubscriber.onAnyThread(kernel, () -> close(place)));
        }

        private void close(int place) {
            try (Lease lease = open.remove(place)) {
                if (lease != null) {
                    pieces.set(place, lease.toArray());
                }
            }
        }

        void closeAll() {
            List.copyOf(open.keySet()).forEach(this::close);
        }

        byte[] all() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            pieces.forEach(all::writeBytes);
            return all.toByteArray();
        }
    }

    /// Receives with random demand, each time with another receive kind.
    private static final class RandomReceiver extends RandomDemandSubscriber<Object> {

        private final Connection connection;
        private final Pieces pieces;
        private final Throwable[] failure;
        private final Runnable whenEnded;

        RandomReceiver(SimKernel kernel, List<String> breaches, Connection connection, Pieces pieces, Throwable[] failure,
                Runnable whenEnded) {
            super(kernel, breaches);
            this.connection = connection;
            this.pieces = pieces;
            this.failure = failure;
            this.whenEnded = whenEnded;
        }

        void subscribe() {
            switch (kernel.random().nextInt(4)) {
                case 0 -> connection.receive().subscribe(this);
                case 1 -> connection.receiveWith(this::read).subscribe(this);
                case 2 -> DecodeFlux.<Object>of(connection.receive(), "pieces", this::decoder).subscribe(this);
                default -> connection.receiveLeases().subscribe(this);
            }
        }

        /// A decoder of elements of some length, which may reject the input at some point.
        private Decoder<byte[]> decoder() {
            int length = 1 + kernel.random().nextInt(30);
            int[] left = {kernel.random().nextInt(20)};
            return (in, end) -> {
                if (in.remaining() < length && !(end && in.hasRemaining())) {
                    return null;
                }
                byte[] piece = new byte[Math.min(length, in.remaining())];
                in.get(piece);
                if (left[0]-- == 0) {
                    throw new ProtocolException("refused");
                }
                return piece;
            };
        }

        private Boolean read(MemorySegment segment) {
            pieces.add(segment.toArray(JAVA_BYTE));
            segment.fill((byte) 0xee);
            if (kernel.random().nextInt(10) == 0) {
                cancel();
                cancelled();
            }
            return true;
        }

        @Override
        protected void take(Object element) {
            switch (element) {
                case ByteBuffer buffer -> pieces.add(Support.bytesOf(buffer));
                case byte[] piece -> pieces.add(piece);
                case Lease lease -> pieces.add(lease);
                default -> { } // already read
            }
        }

        @Override
        protected void cancelled() {
            ConnectionProbe.loop(connection).execute(() ->
                    new RandomReceiver(kernel, breaches, connection, pieces, failure, whenEnded).subscribe());
        }

        @Override
        protected void end(Throwable failure) {
            if (failure instanceof ProtocolException) {
                cancelled();
                return;
            }
            this.failure[0] = failure;
            whenEnded.run();
        }
    }

    @Test
    void bytesArriveOnceWithRandomReceiveKinds() {
        run("bytesArriveOnceWithRandomReceiveKinds", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            byte[] sent = bytes(random, 1000);
            boolean breaking = random.nextInt(4) == 0;
            Pieces pieces = new Pieces(kernel);
            List<String> breaches = new ArrayList<>();
            Throwable[] failure = new Throwable[1];
            SimTrale.run(kernel, options(kernel), (trale, done) -> {
                atTheEnd(kernel, trale, pieces::closeAll);
                trale.bind(ANY).subscribe(listener -> {
                    SimPeer peer = kernel.connectTo(Support.loopback(listener.port())).send(sent);
                    listener.accept().next().subscribe(connection -> {
                        if (breaking) {
                            kernel.after(random.nextLong(2_000_000), peer::reset);
                        } else {
                            peer.finish();
                        }
                        connection.onClose().subscribe(null, null, done::set);
                        new RandomReceiver(kernel, breaches, connection, pieces, failure,
                                () -> connection.close().subscribe()).subscribe();
                    });
                });
            });
            assertThat(breaches).isEmpty();
            byte[] received = pieces.all();
            if (breaking) {
                assertThat(failure[0]).hasMessageContaining("ECONNRESET");
                assertThat(received).isEqualTo(Arrays.copyOf(sent, received.length));
            } else {
                assertThat(failure[0]).isNull();
                assertThat(received).isEqualTo(sent);
            }
        });
    }

    // ---- send

    @Test
    void aProxyForwardsEveryByteWithStallingPeers() {
        run("aProxyForwardsEveryByteWithStallingPeers", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            byte[] there = bytes(random, 1500);
            byte[] back = bytes(random, 1500);
            List<String> breaches = new ArrayList<>();
            SimPeer[] peers = new SimPeer[2];
            for (int i = 0; i < 2; i++) {
                int number = i;
                kernel.listenOn(7 + i, peer -> {
                    peers[number] = peer.send(number == 0 ? there : back).finish();
                    stall(kernel, peer);
                });
            }
            SimTrale.run(kernel, options(kernel), (trale, done) ->
                    trale.connect(Support.loopback(7)).zipWith(trale.connect(Support.loopback(8))).subscribe(both -> {
                        Connection a = both.getT1();
                        Connection b = both.getT2();
                        Mono<Void> forth = b.sendLeases(a.receiveLeases()).then(b.shutdownOutput());
                        Mono<Void> home = a.sendLeases(b.receiveLeases()).then(a.shutdownOutput());
                        Mono.when(forth, home).then(Mono.when(a.close(), b.close()))
                                .subscribe(null, failure -> breaches.add("proxy: " + failure), done::set);
                    }));
            kernel.elapse(1_000_000_000);
            assertThat(breaches).isEmpty();
            assertThat(peers[1].received()).isEqualTo(there);
            assertThat(peers[0].received()).isEqualTo(back);
        });
    }

    private static void stall(SimKernel kernel, SimPeer peer) {
        SplittableRandom random = kernel.random();
        for (int i = random.nextInt(5); i > 0; i--) {
            long when = random.nextLong(2_000_000);
            kernel.after(when, () -> peer.reading(false));
            kernel.after(when + random.nextLong(5_000_000), () -> peer.reading(true));
        }
        kernel.after(20_000_000, () -> peer.reading(true));
    }

    /// As a user's buffer that is reused: overwritten as soon as it is taken.
    @Test
    void buffersOverwrittenInWhenTakenArriveUnchanged() {
        run("buffersOverwrittenInWhenTakenArriveUnchanged", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            ByteArrayOutputStream sent = new ByteArrayOutputStream();
            List<Integer> emitted = new ArrayList<>();
            List<Integer> taken = new ArrayList<>();
            List<String> breaches = new ArrayList<>();
            SimPeer[] peer = new SimPeer[1];
            kernel.listenOn(7, accepted -> {
                peer[0] = accepted;
                stall(kernel, accepted);
            });
            int count = random.nextInt(30);
            Flux<ByteBuffer> source = Flux.range(0, count).map(number -> {
                byte[] bytes = bytes(random, 100);
                sent.writeBytes(bytes);
                emitted.add(number);
                return ByteBuffer.wrap(bytes);
            });
            List<ByteBuffer> elements = new ArrayList<>();
            SimTrale.run(kernel, options(kernel), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(c ->
                    c.send(source.doOnNext(elements::add), element -> {
                        taken.add(position(elements, element));
                        Arrays.fill(element.array(), (byte) 0xee);
                    }).then(c.close()).subscribe(null, failure -> breaches.add("send: " + failure), done::set)));
            kernel.elapse(1_000_000_000);
            assertThat(breaches).isEmpty();
            assertThat(taken).isEqualTo(emitted);
            assertThat(peer[0].received()).isEqualTo(sent.toByteArray());
        });
    }

    private static int position(List<ByteBuffer> elements, ByteBuffer element) {
        for (int i = 0; i < elements.size(); i++) {
            if (elements.get(i) == element) {
                return i;
            }
        }
        return -1;
    }

    // ---- a close in the middle

    /// Subscribes to a relay and cancels at a random moment.
    private static final class RelaySubscriber extends RuleCheckingSubscriber<Void> {

        private final SimKernel kernel;

        RelaySubscriber(SimKernel kernel, List<String> breaches) {
            super(breaches);
            this.kernel = kernel;
        }

        @Override
        protected void start() {
            request(1);
            if (kernel.random().nextInt(3) == 0) {
                kernel.foreignAfter(kernel.random().nextLong(3_000_000), () -> {
                    if (!isOver()) {
                        cancel();
                    }
                });
            }
        }

        @Override
        protected boolean signalsMayFollowCancel() {
            return true;
        }

        @Override
        protected void element(Void nothing) {
            breaches.add("an element of nothing");
        }

        @Override
        protected void end(Throwable failure) {}
    }

    private static Mono<Void> relay(SimKernel kernel, Connection from, Connection to) {
        SplittableRandom random = kernel.random();
        Flux<Lease> leases = from.receiveLeases();
        return switch (random.nextInt(4)) {
            case 0 -> to.sendLeases(leases).then(to.shutdownOutput());
            case 1 -> to.sendLeases(leases.take(1 + random.nextInt(4))).then(Mono.fromRunnable(from::abort));
            case 2 -> to.sendLeases(leases.map(lease -> {
                if (random.nextInt(5) == 0) {
                    lease.close(); // which is an error of the user
                }
                return lease;
            }));
            default -> to.sendLeases(Flux.concat(leases.take(2), Mono.error(new IllegalStateException("on purpose"))));
        };
    }

    @Test
    void everyLeaseIsReturnedWhateverEndsFirst() {
        run("everyLeaseIsReturnedWhateverEndsFirst", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            List<Lease> kept = new ArrayList<>();
            kernel.listenOn(7, peer -> {
                peer.send(bytes(random, 1000));
                stall(kernel, peer);
                if (random.nextBoolean()) {
                    kernel.after(random.nextLong(4_000_000), random.nextBoolean() ? peer::close : peer::reset);
                }
            });
            SimTrale.run(kernel, options(kernel), (trale, done) -> {
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    Mono.zip(trale.connect(Support.loopback(7)), trale.connect(Support.loopback(7))).subscribe(both -> {
                        relay(kernel, both.getT1(), both.getT2()).subscribe(new RelaySubscriber(kernel, breaches));
                        if (random.nextBoolean()) {
                            relay(kernel, both.getT2(), both.getT1()).subscribe(new RelaySubscriber(kernel, breaches));
                        } else {
                            both.getT2().receiveLeases().subscribe(kept::add, failure -> { });
                        }
                    }, failure -> { });
                }
                kernel.foreignAfter(random.nextLong(5_000_000), () -> {
                    if (random.nextBoolean()) {
                        Internals.loop(trale).execute(trale::close);
                    } else {
                        Internals.loop(trale).execute(done::set);
                    }
                });
                kernel.foreignAfter(random.nextLong(4_000_000), () -> close(kept, random.nextInt(kept.size() + 1)));
                atTheEnd(kernel, trale, () -> close(kept, kept.size()));
            });
            assertThat(breaches).isEmpty();
        });
    }

    private static void close(List<Lease> kept, int count) {
        List<Lease> some = List.copyOf(kept.subList(0, count));
        kept.subList(0, count).clear();
        some.forEach(Lease::close); // the loop may still receive during this
    }
}
