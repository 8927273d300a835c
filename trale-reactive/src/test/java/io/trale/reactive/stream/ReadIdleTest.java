package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The limit of receives without bytes, in the virtual time of the simulated kernel.
@Timeout(60)
class ReadIdleTest {

    private static final long SECOND = 1_000_000_000;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final SimKernel kernel = new SimKernel(1);
    private final List<Object> seen = new ArrayList<>();
    private SimPeer peer;
    private Scheduler scheduler;

    /// Runs `body` with a connection to [#peer] that has the limit.
    private void run(Body body) throws Exception {
        kernel.listenOn(7, accepted -> peer = accepted);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> {
            scheduler = trale.scheduler();
            trale.connect(Support.loopback(7)).subscribe(c -> body.run(c.readIdle(LIMIT), done));
        });
    }

    private interface Body {
        void run(Connection connection, SettableFuture done);
    }

    private long now() {
        return (kernel.nanoTime() + SECOND / 2) / SECOND - 1; // the clock starts at 1
    }

    private Consumer<Throwable> noteAndEnd(SettableFuture done) {
        return failure -> {
            seen.add(failure.getClass().getSimpleName() + " at " + now());
            done.set();
        };
    }

    @ParameterizedTest
    @EnumSource
    void aReceiveWithoutBytesFails(ReceiveKind kind) throws Exception {
        run((c, done) -> Flux.from(kind.receive(c)).subscribe(null, noteAndEnd(done)));
        assertThat(seen).containsExactly("ReadIdleException at 5");
    }

    @Test
    void theFailureNamesTheConnectionAndTheLimit() throws Exception {
        run((c, done) -> c.receive().subscribe(null, failure -> {
            seen.add(failure.getMessage());
            done.set();
        }));
        assertThat(seen).singleElement().asString().startsWith("recv(fd=").contains(", 127.0.0.1:7)").endsWith("PT5S");
    }

    @Test
    void bytesRestartTheTime() throws Exception {
        run((c, done) -> {
            for (int i = 1; i <= 5; i++) {
                kernel.after(i * 4 * SECOND, () -> peer.send(new byte[10]));
            }
            c.receive().subscribe(null, noteAndEnd(done));
        });
        assertThat(seen).containsExactly("ReadIdleException at 25");
    }

    @Test
    void timeWithoutDemandDoesNotCount() throws Exception {
        run((c, done) -> {
            BaseSubscriber<ByteBuffer> later = new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {}

                @Override
                protected void hookOnError(Throwable failure) {
                    noteAndEnd(done).accept(failure);
                }
            };
            c.receive().subscribe(later);
            kernel.foreignAfter(100 * SECOND, () -> later.request(1));
        });
        assertThat(seen).containsExactly("ReadIdleException at 105");
    }

    /// An element takes twenty seconds, and the peer has always sent more by then.
    @Test
    void aSlowConsumerIsNotIdle() throws Exception {
        run((c, done) -> {
            peer.send(new byte[5 * (64 << 10)]).finish();
            c.receive().concatMap(b -> Mono.delay(Duration.ofSeconds(20), scheduler), 0)
                    .subscribe(null, noteAndEnd(done), done::set);
        });
        assertThat(seen).isEmpty();
        assertThat(now()).isGreaterThanOrEqualTo(100);
    }

    @Test
    void aNewSubscriberGetsLaterBytes() throws Exception {
        run((c, done) -> {
            kernel.after(12 * SECOND, () -> peer.send("late".getBytes()).finish());
            c.receive().retry(2).subscribe(b -> seen.add(new String(b.array()) + " at " + now()), noteAndEnd(done), done::set);
        });
        assertThat(seen).containsExactly("late at 12");
    }

    @Test
    void aHandlerThatPassesTheFailureOnClosesGracefully() throws Exception {
        run((c, done) -> c.handle(self -> self.send(self.receive())).subscribe(null, noteAndEnd(done)));
        kernel.elapse(SECOND);
        assertThat(seen).containsExactly("ReadIdleException at 7"); // two seconds of waiting for the peer's end
        assertThat(peer.sawEnd()).isTrue();
        assertThat(peer.errno()).isZero();
    }

    /// The handler has opened that connection, as a proxy does: the handler fails, but its own connection is not idle.
    @Test
    void anotherConnectionsIdleFailureAborts() throws Exception {
        List<SimPeer> peers = new ArrayList<>();
        kernel.listenOn(7, peers::add);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(c ->
                trale.connect(Support.loopback(7)).subscribe(backend -> c.handle(self -> backend.readIdle(LIMIT).receive().then())
                        .subscribe(null, noteAndEnd(done)))));
        assertThat(seen).containsExactly("ReadIdleException at 5");
        assertThat(peers.getFirst().errno()).isEqualTo(Errno.ECONNRESET);
    }

    @Test
    void anIdleClientOfAServerIsOrdinary() throws Exception {
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.serve(Support.loopback(0),
                c -> c.send(c.receive()), ServeOptions.defaults().readIdle(LIMIT).onConnectionError((c, failure) -> {
                    seen.add(ConnectionProbe.isOrdinary(c, failure));
                    noteAndEnd(done).accept(failure);
                })).subscribe(server -> peer = kernel.connectTo(Support.loopback(server.port()))));
        assertThat(seen).containsExactly(true, "ReadIdleException at 7");
        assertThat(peer.errno()).isZero();
    }

    @Test
    void anEndedConnectionLeavesNoDeadline() throws Exception {
        run((c, done) -> {
            peer.finish();
            c.onClose().subscribe(null, null, () -> {
                seen.add(ConnectionProbe.loop(c).reactor.deadlines().size());
                done.set();
            });
            c.handle(self -> self.receive().then()).subscribe();
        });
        assertThat(seen).containsExactly(0);
    }

    @Test
    void aLimitBeyondTheRangeOfTheClockIsAccepted() throws Exception {
        run((c, done) -> {
            kernel.after(1000 * SECOND, () -> peer.finish());
            c.readIdle(Duration.ofMillis(Long.MAX_VALUE)).receive().subscribe(null, noteAndEnd(done), done::set);
        });
        assertThat(seen).isEmpty();
    }

    @Test
    void aNonPositiveLimitThrows() throws Exception {
        run((c, done) -> {
            for (Duration limit : List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofSeconds(Long.MIN_VALUE))) {
                assertThatThrownBy(() -> c.readIdle(limit)).hasMessageContaining("must be positive");
                assertThatThrownBy(() -> ServeOptions.defaults().readIdle(limit)).hasMessageContaining("must be positive");
            }
            done.set();
        });
    }

    /// The limit is as short as the pauses, so that it always races with the bytes.
    @Test
    void noByteIsLostIfTheLimitIsReachedOften() {
        Seeds.run("trale-reactive", "ReadIdleTest#noByteIsLostIfTheLimitIsReachedOften", 0.06, seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            SplittableRandom random = kernel.random();
            byte[] sent = Support.bytes(seed, 300);
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            List<Throwable> failures = new ArrayList<>();
            kernel.listenOn(7, peer -> {
                for (int i = 0; i < 10; i++) {
                    byte[] chunk = Arrays.copyOfRange(sent, i * 30, (i + 1) * 30);
                    kernel.after(i * 100_000L, () -> peer.send(chunk));
                }
                kernel.after(1_000_000, peer::finish);
            });
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(c ->
                    c.readIdle(Duration.ofNanos(20_000 + random.nextInt(100_000))).receive()
                            .retry(1000)
                            .subscribe(b -> received.writeBytes(b.array()), failure -> {
                                failures.add(failure);
                                done.set();
                            }, done::set)));
            assertThat(failures).isEmpty();
            assertThat(received.toByteArray()).isEqualTo(sent);
        });
    }
}
