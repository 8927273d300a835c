package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import io.trale.testing.SettableFuture;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The signals of both directions of a connection that breaks, although the kernel reports the error only once; and which
/// failures are the connection's own.
@Timeout(60)
class BrokenConnectionTest {

    private static final ByteBuffer BYTE = ByteBuffer.allocate(1);

    /// Runs `pipeline` on a connection to a peer after `action`, and returns its ends in order.
    private static List<String> run(BiConsumer<SimKernel, SimPeer> action, Pipeline pipeline) throws Exception {
        SimKernel kernel = new SimKernel(7).strict();
        List<String> ends = new ArrayList<>();
        SimPeer[] peer = new SimPeer[1];
        kernel.listenOn(7, accepted -> peer[0] = accepted);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(c -> {
            kernel.after(1000, () -> action.accept(kernel, peer[0]));
            kernel.foreignAfter(10_000_000, () -> Internals.loop(trale).execute(() -> pipeline.run(c, peer[0], ends, done)));
        }));
        return ends;
    }

    private interface Pipeline {
        void run(Connection connection, SimPeer peer, List<String> ends, SettableFuture done);
    }

    private static Mono<Void> noted(List<String> ends, Publisher<?> source) {
        return Flux.from(source).then()
                .doOnSuccess(nothing -> ends.add("completes"))
                .onErrorResume(failure -> Mono.fromRunnable(() -> ends.add(failure.getMessage().replaceAll(".*: |,.*", ""))));
    }

    @Test
    void aReceiveAfterASendThatWasResetFails() throws Exception {
        assertThat(run((kernel, peer) -> peer.reset(), (c, peer, ends, done) ->
                noted(ends, c.send(Mono.just(BYTE.duplicate()))).then(noted(ends, c.receive()))
                        .subscribe(null, null, done::set))).containsExactly("ECONNRESET", "ECONNRESET");
    }

    @Test
    void aReceiveAfterASendIntoABrokenPipeFails() throws Exception {
        assertThat(run((kernel, peer) -> {
            peer.finish();
            kernel.after(1_000_000, peer::reset);
        }, (c, peer, ends, done) -> noted(ends, c.send(Mono.just(BYTE.duplicate())))
                .then(noted(ends, c.receive())).subscribe(null, null, done::set))).containsExactly("EPIPE", "EPIPE");
    }

    @Test
    void aReceiveThatHasSeenThePeersEndStaysComplete() throws Exception {
        assertThat(run((kernel, peer) -> {
            peer.finish();
            kernel.after(1_000_000, peer::reset);
        }, (c, peer, ends, done) -> noted(ends, c.receive()).then(noted(ends, c.send(Mono.just(BYTE.duplicate()))))
                .then(noted(ends, c.receive())).subscribe(null, null, done::set)))
                .containsExactly("completes", "EPIPE", "completes");
    }

    @Test
    void aSendAfterOurShutdownDoesNotFailTheReceive() throws Exception {
        assertThat(run((kernel, peer) -> { }, (c, peer, ends, done) -> noted(ends, c.shutdownOutput())
                .then(noted(ends, c.send(Mono.just(BYTE.duplicate()))))
                .then(Mono.fromRunnable(peer::finish))
                .then(noted(ends, c.receive())).subscribe(null, null, done::set)))
                .containsExactly("completes", "EPIPE", "completes");
    }

    // ---- failures that are logged as ordinary

    /// True if the failure of `handler` is the connection's own and ordinary. The client ends its side and is reset.
    private static boolean ordinary(java.util.function.BiFunction<Trale, Connection, Publisher<Void>> handler)
            throws Exception {
        SimKernel kernel = new SimKernel(7).strict();
        Boolean[] ordinary = new Boolean[1];
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.serve(Support.loopback(0),
                c -> handler.apply(trale, c), ServeOptions.defaults().onConnectionError((c, failure) -> {
                    ordinary[0] = ConnectionProbe.isOrdinary(c, failure);
                    done.set();
                })).subscribe(server -> {
                    SimPeer client = kernel.connectTo(Support.loopback(server.port())).finish();
                    kernel.after(1_000_000, client::reset);
                }));
        return ordinary[0];
    }

    private static Mono<Void> later(Trale trale) {
        return Mono.delay(java.time.Duration.ofMillis(10), trale.scheduler()).then();
    }

    @Test
    void shutdownOutputOfAResetConnectionIsOrdinary() throws Exception {
        assertThat(ordinary((trale, c) -> c.receive().then(later(trale)).then(c.shutdownOutput()))).isTrue();
    }

    @Test
    void aSendToADisconnectedClientIsOrdinary() throws Exception {
        assertThat(ordinary((trale, c) -> later(trale).then(c.send(Mono.just(BYTE.duplicate()))))).isTrue();
    }

    @Test
    void aCloseOnThisSideIsOrdinary() throws Exception {
        assertThat(ordinary((trale, c) -> c.send(Mono.<ByteBuffer>never().doOnSubscribe(s -> c.abort())))).isTrue();
    }

    @Test
    void theFailureOfAnotherConnectionIsNotOrdinary() throws Exception {
        assertThat(ordinary((trale, c) -> trale.connect(Support.loopback(9)).then())).isFalse();
        assertThat(ordinary((trale, c) -> Mono.error(new ClosedChannelException()))).isFalse();
        assertThat(ordinary((trale, c) -> Mono.error(new ErrnoException("recv", Errno.ECONNRESET)))).isFalse();
        assertThat(ordinary((trale, c) -> trale.bind(Support.loopback(0)).flatMap(other -> {
            kernelConnect(trale, other);
            return other.accept().next().flatMap(backend -> {
                backend.abort();
                return backend.receive().then();
            });
        }))).isFalse();
    }

    private static void kernelConnect(Trale trale, Listener other) {
        trale.connect(other.localAddress()).flatMap(Connection::onClose).subscribe(null, failure -> { });
    }
}
