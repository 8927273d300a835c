package io.trale.reactive.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.Datagram;
import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.testing.EndListener;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.testing.SimSource;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimUdpPeer;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Datagrams on the simulated kernel with random schedules: complete, in order, each once. None is lost except those that the
/// kernel drops, and these are counted. Nothing is left at the end.
@Timeout(120)
class DatagramScheduleTest {

    private static final InetSocketAddress ANY = Support.loopback(0);
    /// The reasons for which a kernel refuses a datagram. `EMSGSIZE` is also ours, for a datagram longer than a block.
    private static final Set<Integer> REFUSALS =
            Set.of(Errno.EMSGSIZE, Errno.ENOBUFS, Errno.ENOMEM, Errno.ENETUNREACH, Errno.EPERM);
    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.HICCUP, 0.1);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-reactive", "DatagramScheduleTest#" + name, 0.04, scenario);
    }

    private static byte[] bytes(SplittableRandom random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    // ---- receive

    /// The datagrams that an outside peer has sent to an endpoint with receive buffers of `room` bytes, and the receivers.
    private static final class Incoming {

        /// A datagram that fitted into the receive buffer, and the number of drops before it.
        private record Arrival(byte[] bytes, long dropped) {}

        private final SimKernel kernel;
        private final Trale trale;
        private final UdpEndpoint endpoint;
        private final int room;
        private final List<String> breaches;
        private final SimUdpPeer peer;
        private final ArrayDeque<Arrival> arrived = new ArrayDeque<>();
        private long dropped;
        private boolean ended;

        Incoming(SimKernel kernel, Trale trale, UdpEndpoint endpoint, int room, List<String> breaches) {
            this.kernel = kernel;
            this.trale = trale;
            this.endpoint = endpoint;
            this.room = room;
            this.breaches = breaches;
            peer = new SimUdpPeer(kernel);
        }

        void send(byte[] bytes) {
            if (peer.send(bytes, endpoint.localAddress())) {
                arrived.add(new Arrival(bytes, dropped));
            } else {
                dropped++;
            }
        }

        /// No more datagrams follow: closes the endpoint after the last one is received.
        void end() {
            ended = true;
            closeWhenDone();
        }

        private void closeWhenDone() {
            if (ended && arrived.isEmpty()) {
                endpoint.dispose();
            }
        }

        void receive() {
            endpoint.receive().subscribe(new RandomReceiver());
        }

        /// Receives with random demand; another one follows after its cancel.
        private final class RandomReceiver extends RandomDemandSubscriber<Datagram> {

            RandomReceiver() {
                super(Incoming.this.kernel, Incoming.this.breaches);
            }

            @Override
            protected void take(Datagram datagram) {
                Arrival arrival = arrived.poll();
                if (arrival == null) {
                    breaches.add("one too many: " + datagram);
                    return;
                }
                byte[] kept = Arrays.copyOf(arrival.bytes, Math.min(arrival.bytes.length, room));
                if (!datagram.equals(new Datagram(ByteBuffer.wrap(kept), peer.address(), kept.length < arrival.bytes.length,
                        arrival.dropped))) {
                    breaches.add(datagram + " instead of " + arrival);
                }
                closeWhenDone();
            }

            @Override
            protected void cancelled() {
                Internals.loop(trale).run(Incoming.this::receive);
            }

            @Override
            protected void end(Throwable failure) {
                if (failure != null) {
                    breaches.add("end: " + failure);
                }
            }
        }
    }

    @Test
    void datagramsArriveOnceAndInOrderAtRandomDemand() {
        run("datagramsArriveOnceAndInOrderAtRandomDemand", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            Incoming[] incoming = new Incoming[1];
            int room = Seeds.oneOf(random, 1, 64, 4096);
            SimTrale.run(kernel, Seeds.options(kernel).receiveBuffers(Seeds.oneOf(random, 1, 2, 8), room), (trale, done) ->
                    trale.udp(ANY).subscribe(endpoint -> {
                        endpoint.onClose().subscribe(null, null, done::set);
                        incoming[0] = new Incoming(kernel, trale, endpoint, room, breaches);
                        incoming[0].receive();
                        for (int i = random.nextInt(30); i > 0; i--) {
                            byte[] bytes = bytes(random, 200);
                            kernel.after(random.nextLong(2_000_000), () -> incoming[0].send(bytes));
                        }
                        kernel.foreignAfter(2_000_000, incoming[0]::end);
                    }));
            assertThat(breaches).isEmpty();
            assertThat(incoming[0].arrived).isEmpty();
        });
    }

    // ---- send

    private static boolean isRefusal(Throwable why) {
        return why instanceof ErrnoException e && REFUSALS.contains(e.errno());
    }

    /// One of several sends of an endpoint. Each datagram has the number of its send; this tracks each datagram's fate.
    private static final class Outgoing {

        private final SimKernel kernel;
        private final int number;
        private final InetSocketAddress to;
        private final List<String> breaches;
        private final boolean goesOn;
        private final List<Datagram> emitted = new ArrayList<>();
        private final List<Datagram> refused = new ArrayList<>();
        private int discarded;
        private boolean over;
        private Throwable failure;

        /// Sends to `to`, or to the connected peer if `to` is null.
        Outgoing(SimKernel kernel, int number, InetSocketAddress to, List<String> breaches) {
            this.kernel = kernel;
            this.number = number;
            this.to = to;
            this.breaches = breaches;
            goesOn = kernel.random().nextBoolean();
        }

        EndListener begin(UdpEndpoint endpoint) {
            Flux<Datagram> source = Flux.from(new SimSource(kernel, bytes(kernel.random(), 1000), 0, breaches,
                    kernel.random().nextBoolean())).map(this::element);
            EndListener outcome = new EndListener(breaches, this::end);
            (goesOn ? endpoint.send(source, this::refuse) : endpoint.send(source))
                    .doOnDiscard(Datagram.class, datagram -> discarded++)
                    .subscribe(outcome);
            return outcome;
        }

        private Datagram element(ByteBuffer rest) {
            int size = 1 + rest.remaining();
            ByteBuffer data = kernel.random().nextBoolean() ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
            data.put((byte) number).put(rest).flip();
            Datagram datagram = new Datagram(data, to, false, 0);
            emitted.add(datagram);
            return datagram;
        }

        private void refuse(Datagram datagram, Exception why) {
            refused.add(datagram);
            if (!isRefusal(why)) {
                breaches.add("refused: " + why);
            }
            if (kernel.random().nextInt(10) == 0) {
                throw new IllegalStateException("enough of it");
            }
        }

        private void end(Throwable failure) {
            over = true;
            this.failure = failure;
        }

        /// Checks that `received` contains every emitted and not refused datagram of this send, or a prefix of them if the send
        /// was cut off, and that the discard hook received the rest.
        void check(List<byte[]> received) {
            List<byte[]> accepted = new ArrayList<>();
            for (Datagram datagram : emitted) {
                if (refused.stream().noneMatch(other -> other == datagram)) {
                    accepted.add(Support.bytesOf(datagram.data()));
                }
            }
            assertThat(over).as("an end").isTrue();
            assertThat(received).as("%d: %s", number, failure).usingElementComparator(Arrays::compare)
                    .isEqualTo(accepted.subList(0, received.size()));
            int untold = accepted.size() - received.size() - discarded;
            if (failure == null) {
                assertThat(received).hasSameSizeAs(accepted);
                assertThat(untold).isZero();
            } else {
                assertThat(failure).matches(why -> why instanceof ClosedChannelException
                        || why instanceof CancellationException || isRefusal(why));
                int atFailure = goesOn ? 0 : 1; // the datagram at which the send failed is not discarded
                int atDisposal = 1; // the datagram in flight is discarded, but may still be sent
                assertThat(untold).as("%d: %s", number, failure).isBetween(-atDisposal, atFailure);
            }
        }
    }

    @Test
    void datagramsAreSentInOrderOrRefusedOrDiscarded() {
        run("datagramsAreSentInOrderOrRefusedOrDiscarded", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS.with(Fault.EXHAUSTION, Fault.BREAKAGE));
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            List<Outgoing> sends = new ArrayList<>();
            SimUdpPeer peer = new SimUdpPeer(kernel);
            boolean connected = random.nextBoolean();
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> trale.udp(ANY)
                    .flatMap(endpoint -> connected ? endpoint.connect(peer.address()).retry() : Mono.just(endpoint))
                    .subscribe(endpoint -> {
                        endpoint.onClose().subscribe(null, null, done::set);
                        for (int i = random.nextInt(4); i >= 0; i--) {
                            Outgoing send = new Outgoing(kernel, sends.size(), connected ? null : peer.address(), breaches);
                            sends.add(send);
                            EndListener outcome = send.begin(endpoint);
                            if (random.nextInt(4) == 0) {
                                kernel.foreignAfter(random.nextLong(1_000_000), outcome::cancelEarly);
                            }
                        }
                        switch (random.nextInt(4)) {
                            case 0 -> kernel.foreignAfter(random.nextLong(3_000_000), endpoint::dispose);
                            case 1 -> kernel.foreignAfter(random.nextLong(3_000_000), () -> endpoint.close().subscribe());
                            case 2 -> kernel.foreignAfter(random.nextLong(3_000_000), () -> Internals.loop(trale).execute(trale::close));
                            default -> endpoint.send(Mono.empty()).then(endpoint.close()).subscribe();
                        }
                    }));
            assertThat(breaches).isEmpty();
            List<byte[]> received = peer.received();
            assertThat(received).isSortedAccordingTo((one, other) -> one[0] - other[0]);
            for (Outgoing send : sends) {
                send.check(received.stream().filter(bytes -> bytes[0] == send.number).toList());
            }
        });
    }

    @Test
    void aSendToAFullSocketWaitsWithoutMemory() throws Exception {
        SimKernel kernel = new SimKernel(1).strict().faults(Faults.NONE.with(Fault.LATE, 1)).socketBufferBytes(100);
        SimUdpPeer peer = new SimUdpPeer(kernel);
        byte[] data = Support.bytes(1, 90);
        int blocks = 4;
        boolean[] waited = new boolean[1];
        SimTrale.run(kernel, ExecutorOptions.defaults().sendBlocks(blocks, 100), (trale, done) ->
                trale.udp(ANY).subscribe(endpoint -> {
                    endpoint.send(Flux.range(0, 10).map(i -> Datagram.to(peer.address(), ByteBuffer.wrap(data))))
                            .subscribe(null, null, done::set);
                    for (int i = 0; i < 1000; i++) {
                        kernel.after(i * 10_000, () -> waited[0] |= trale.stats().inFlight() == 1
                                && Internals.loop(trale).reactor.pools().sendBlocks().free() == blocks);
                    }
                }));
        assertThat(waited[0]).isTrue();
        assertThat(peer.received()).hasSize(10).allMatch(received -> Arrays.equals(received, data));
    }

    // ---- everything, and a close in the middle of it

    private static void begin(SimKernel kernel, UdpEndpoint endpoint, List<InetSocketAddress> others, List<String> breaches) {
        SplittableRandom random = kernel.random();
        InetSocketAddress to = others.get(random.nextInt(others.size()));
        Flux<Datagram> echo = endpoint.receive().map(datagram -> datagram.reply(datagram.data()));
        Flux<Datagram> mine = Flux.from(new SimSource(kernel, bytes(random, 1000), 0, breaches, random.nextBoolean()))
                .map(data -> Datagram.to(to, data));
        Mono<Void> activity = switch (random.nextInt(4)) {
            case 0 -> endpoint.send(echo.retry(3), (datagram, why) -> { });
            case 1 -> endpoint.connect(to).flatMap(connected -> connected.send(mine).and(connected.receive()));
            case 2 -> endpoint.send(mine).then(endpoint.close());
            default -> endpoint.receive().take(1 + random.nextInt(3)).then(endpoint.send(mine));
        };
        EndListener outcome = new EndListener(breaches, failure -> { });
        activity.subscribe(outcome);
        switch (random.nextInt(4)) {
            case 0 -> kernel.foreignAfter(random.nextLong(3_000_000), outcome::cancelEarly);
            case 1 -> kernel.foreignAfter(random.nextLong(3_000_000), endpoint::dispose);
            default -> { }
        }
    }

    @Test
    void closeDuringAnyOperationLeavesNothing() {
        run("closeDuringAnyOperationLeavesNothing", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            List<String> breaches = new ArrayList<>();
            List<InetSocketAddress> addresses = new ArrayList<>();
            addresses.add(Support.loopback(7)); // no socket is bound there
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> {
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    trale.udp(ANY).subscribe(endpoint -> {
                        addresses.add(endpoint.localAddress());
                        for (int activities = random.nextInt(3); activities >= 0; activities--) {
                            begin(kernel, endpoint, addresses, breaches);
                        }
                    });
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
}
