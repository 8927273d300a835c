package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Trale;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The duration of a close in the virtual time of the simulated kernel, with peers that do not cooperate.
@Timeout(60)
class CloseTimeTest {

    private static final long SECOND = 1_000_000_000;

    /// What a connection does before and at its close.
    private interface Scenario {
        Mono<?> run(Trale trale, Connection connection);
    }

    /// Connects to `peer`, runs `scenario`, and returns the seconds from its start to the end of the connection.
    private static long seconds(SimKernel kernel, SimPeer[] peer, Scenario scenario) throws Exception {
        long[] time = new long[2];
        kernel.listenOn(7, accepted -> peer[0] = accepted);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) ->
                trale.connect(Support.loopback(7)).subscribe(c -> {
                    time[0] = kernel.nanoTime();
                    c.onClose().subscribe(null, null, () -> {
                        time[1] = kernel.nanoTime();
                        done.set();
                    });
                    scenario.run(trale, c).subscribe(null, failure -> { });
                }));
        return (time[1] - time[0] + SECOND / 2) / SECOND;
    }

    /// The socket buffer is smaller than the window of a send.
    private static SimKernel kernel() {
        return new SimKernel(1).socketBufferBytes(1000);
    }

    private static Flux<ByteBuffer> endless() {
        return Flux.generate(sink -> sink.next(ByteBuffer.allocate(1500)));
    }

    private static void stopReading(SimPeer peer) {
        peer.reading(false);
    }

    @Test
    void aFlushToAPeerThatDoesNotReadIsAbortedAfterTheTimeout() throws Exception {
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel(), peer, (trale, c) -> {
            stopReading(peer[0]);
            c.send(endless()).subscribe(null, failure -> { });
            return c.close();
        })).isBetween(10L, 13L);
        assertThat(peer[0].reading(true).receivedBytes()).as("nothing after the reset").isZero();
    }

    @Test
    void eachConnectionHasItsOwnCloseTimeout() throws Exception {
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel(), peer, (trale, c) -> {
            stopReading(peer[0]);
            c.closeTimeout(Duration.ofSeconds(3)).send(endless()).subscribe(null, failure -> { });
            return c.close();
        })).isBetween(3L, 4L);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aZeroCloseTimeoutAbortsAnUnreadFlushAtOnce(long seconds) throws Exception {
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel(), peer, (trale, c) -> {
            stopReading(peer[0]);
            c.closeTimeout(Duration.ofSeconds(seconds)).send(endless()).subscribe(null, failure -> { });
            return c.close();
        })).isZero();
    }

    @Test
    void aCloseTimeoutBeyondTheRangeOfTheClockIsAccepted() throws Exception {
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel(), peer, (trale, c) -> {
            stopReading(peer[0]);
            c.closeTimeout(Duration.ofSeconds(Long.MAX_VALUE)).send(endless()).subscribe(null, failure -> { });
            trale.ticks(Duration.ofSeconds(1000)).next().subscribe(tick -> c.abort());
            return c.close();
        })).isEqualTo(1000);
    }

    /// The peer reads a little every eight seconds: slow, but not stalled.
    @Test
    void aFlushToAPeerThatReadsSlowlyIsNotAborted() throws Exception {
        SimKernel kernel = kernel();
        SimPeer[] peer = new SimPeer[1];
        long seconds = seconds(kernel, peer, (trale, c) -> {
            stopReading(peer[0]);
            for (int i = 1; i <= 10; i++) {
                kernel.after(i * 8 * SECOND, () -> peer[0].reading(true));
                kernel.after(i * 8 * SECOND + 1, () -> peer[0].reading(false));
            }
            kernel.after(80 * SECOND, () -> peer[0].reading(true).finish());
            c.send(Mono.just(ByteBuffer.allocate(20_000))).subscribe(null, failure -> { });
            return c.close();
        });
        kernel.elapse(100 * SECOND);
        assertThat(peer[0].receivedBytes()).isEqualTo(20_000);
        assertThat(peer[0].errno()).isZero();
        assertThat(seconds).isBetween(15L, 81L);
    }

    // ---- draining

    @Test
    void aSilentPeerDelaysTheCloseForTwoSeconds() throws Exception {
        SimKernel kernel = kernel();
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel, peer, (trale, c) -> c.close())).isEqualTo(2);
        kernel.elapse(SECOND);
        assertThat(peer[0].sawEnd()).isTrue();
        assertThat(peer[0].errno()).isZero();
    }

    @Test
    void aSendingPeerDelaysTheCloseUntilTheTimeout() throws Exception {
        SimKernel kernel = kernel();
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel, peer, (trale, c) -> {
            for (int i = 1; i < 20; i++) {
                kernel.after(i * SECOND, () -> peer[0].send(new byte[10]));
            }
            return c.close();
        })).isEqualTo(10);
    }

    @Test
    void aSendingPeerDelaysTheCloseUpToTheByteLimit() throws Exception {
        SimKernel kernel = new SimKernel(1);
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel, peer, (trale, c) -> {
            peer[0].send(new byte[(int) OrderlyClose.DRAIN_BYTES + (1 << 20)]);
            return c.close();
        })).isZero();
        kernel.elapse(SECOND);
        assertThat((long) peer[0].sentBytes()).isBetween(OrderlyClose.DRAIN_BYTES, OrderlyClose.DRAIN_BYTES + (1 << 19));
    }

    @Test
    void aReceiveFailsOnceACloseHasShutDownOurSide() throws Exception {
        SimPeer[] peer = new SimPeer[1];
        List<Throwable> failures = new ArrayList<>();
        seconds(kernel(), peer, (trale, c) -> {
            Flux<ByteBuffer> again = Flux.defer(c::receive).doOnError(failures::add);
            return again.onErrorResume(failure -> again).then().and(c.close());
        });
        assertThat(failures).hasSize(2).allSatisfy(e -> assertThat(e).isInstanceOf(ConnectionClosedException.class));
    }

    @Test
    void aSubscriberMayAbortWhenACloseFailsItsReceive() throws Exception {
        SimPeer[] peer = new SimPeer[1];
        assertThat(seconds(kernel(), peer, (trale, c) -> {
            c.receive().subscribe(null, failure -> c.abort());
            return c.close();
        })).isZero();
    }

    // ---- whole programs

    /// The end of the client's side cancels the endless send in the middle of an element.
    @Test
    void aHandlerOfAClientThatDoesNotReadFreesItsPlace() throws Exception {
        SimKernel kernel = kernel();
        List<Long> served = new ArrayList<>();
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.serve(Support.loopback(0), c -> {
            served.add(kernel.nanoTime());
            if (served.size() == 2) {
                done.set();
            }
            return Mono.firstWithSignal(c.send(endless()), c.receive().then());
        }, ServeOptions.defaults().maxConnections(1)).subscribe(server -> {
            SimPeer rude = kernel.connectTo(Support.loopback(server.port())).reading(false);
            kernel.after(SECOND, rude::finish);
            kernel.after(2 * SECOND, () -> kernel.connectTo(Support.loopback(server.port())));
        }));
        assertThat((served.get(1) - served.get(0)) / SECOND).isBetween(10L, 14L);
    }

    @Test
    void aServersCloseTimeoutAppliesToItsConnections() throws Exception {
        SimKernel kernel = kernel();
        long[] ended = new long[2];
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.serve(Support.loopback(0), c -> {
            ended[0] = kernel.nanoTime();
            c.onClose().subscribe(null, null, () -> {
                ended[1] = kernel.nanoTime();
                done.set();
            });
            c.send(endless()).subscribe(null, failure -> { });
            return Mono.empty();
        }, ServeOptions.defaults().closeTimeout(Duration.ofSeconds(5))).subscribe(
                server -> kernel.connectTo(Support.loopback(server.port())).reading(false)));
        assertThat((ended[1] - ended[0] + SECOND / 2) / SECOND).isBetween(5L, 7L);
    }

    /// A client as in the README, with a server that stalls.
    @Test
    void aClientThatClosesAfterATimeoutGetsTheTimeout() throws Exception {
        SimKernel kernel = kernel();
        List<Throwable> failures = new ArrayList<>();
        long[] time = new long[1];
        kernel.listenOn(7, peer -> peer.reading(false));
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> Flux.usingWhen(trale.connect(Support.loopback(7)),
                c -> c.send(endless()).timeout(Duration.ofSeconds(1), trale.scheduler()), Connection::close)
                .subscribe(null, failure -> {
                    failures.add(failure);
                    time[0] = kernel.nanoTime();
                    done.set();
                }));
        assertThat(failures).singleElement().isInstanceOf(TimeoutException.class);
        assertThat(time[0] / SECOND).isBetween(11L, 16L);
    }
}
