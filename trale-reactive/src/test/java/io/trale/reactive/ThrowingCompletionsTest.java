package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.LoopSubscription;
import io.trale.reactive.stream.ConnectionProbe;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.reactor.MemoryListener;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.sim.SimUdpPeer;
import io.trale.task.ExecutorOptions;
import io.trale.uring.Opcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/// A completion handler throws, as it does if there is no memory: the subscriber gets an error, nothing leaks, and the source
/// works on if nothing of it is lost. Pools of one piece show that it came back.
@Timeout(60)
class ThrowingCompletionsTest {

    private static final ExecutorOptions OPTIONS = ExecutorOptions.defaults().receiveBuffers(1, 64).sendBlocks(1, 64)
            .fileBlocks(1, 64);

    private final SimKernel kernel = new SimKernel(1).strict();
    private final List<Throwable> uncaught = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final List<String> received = new ArrayList<>();

    private void run(SimTrale.Body body) throws Exception {
        SimTrale.run(kernel, OPTIONS, uncaught, body);
    }

    @Test
    void connectionOfAnUnreadablePeerIsClosedAndTheNextAccepted() throws Exception {
        List<SimPeer> peers = new ArrayList<>();
        run((trale, done) -> trale.bind(Support.loopback(0)).subscribe(listener -> {
            listener.accept().subscribe(c -> {
                received.add(c.remoteAddress().toString());
                c.abort();
                done.set();
            });
            kernel.garbleNextPeer();
            Runnable connect = () -> peers.add(kernel.connectTo((InetSocketAddress) listener.localAddress()));
            connect.run();
            kernel.after(1_000_000_000, connect);
        }));
        assertThat(received).hasSize(1);
        assertThat(peers).hasSize(2).allMatch(SimPeer::sawEnd);
        assertThat(uncaught).singleElement().isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void lostDatagramFailsOneSubscriptionAlone() throws Exception {
        SimUdpPeer peer = new SimUdpPeer(kernel);
        run((trale, done) -> trale.udp(Support.loopback(0)).subscribe(endpoint -> {
            endpoint.receive().doOnError(failures::add).retry(1).subscribe(datagram -> {
                received.add(new String(Support.bytesOf(datagram.data())));
                done.set();
            });
            kernel.garbleNextPeer();
            peer.send("early".getBytes(), endpoint.localAddress());
            kernel.after(1_000_000, () -> peer.send("late".getBytes(), endpoint.localAddress()));
        }));
        assertThat(failures).singleElement().isInstanceOf(IllegalArgumentException.class);
        assertThat(received).containsExactly("late");
        assertThat(uncaught).isEmpty();
    }

    @Test
    void readThatCouldNotBeCopiedFailsAndTheNextWorks() throws Exception {
        kernel.write("/file", "content".getBytes());
        kernel.overstateNext(Opcode.READ);
        run((trale, done) -> trale.read(Path.of("/file")).doOnError(failures::add).retry(1).doFinally(end -> done.set())
                .subscribe(bytes -> received.add(new String(Support.bytesOf(bytes)))));
        assertThat(failures).singleElement().asString().contains("read(", "ENOMEM");
        assertThat(received).containsExactly("content");
        assertThat(uncaught).singleElement().isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void sourceThatThrowsFailsItsSubscription() throws Exception {
        OutOfMemoryError failure = new OutOfMemoryError("on purpose");
        List<String> stopped = new ArrayList<>();
        run((trale, done) -> new LoopSubscription<>(Internals.loop(trale), new BaseSubscriber<>() {
            @Override
            protected void hookOnError(Throwable error) {
                failures.add(error);
                done.set();
            }
        }) {
            @Override
            protected void progress() {
                throw failure;
            }

            @Override
            protected void stop() {
                stopped.add("stopped");
            }
        }.subscribe());
        assertThat(failures).containsExactly(failure);
        assertThat(stopped).hasSize(1);
        assertThat(uncaught).isEmpty();
    }

    /// Throws when the next block comes back.
    private static void throwOnNextRelease(Loop loop) {
        MemoryListener before = loop.reactor.memoryListener();
        loop.reactor.setMemoryListener(new MemoryListener() {
            @Override
            public void ownedByKernel(MemorySegment memory) {
                before.ownedByKernel(memory);
            }

            @Override
            public void ownedByUs(MemorySegment memory) {
                before.ownedByUs(memory);
                loop.reactor.setMemoryListener(before);
                throw new OutOfMemoryError("on purpose");
            }
        });
    }

    /// It is unknown how far it came, so nothing may follow.
    @Test
    void sendWhoseEndCouldNotBeHandledFailsAndSoDoLaterOnes() throws Exception {
        List<SimPeer> peers = new ArrayList<>();
        kernel.listenOn(7, peers::add);
        run((trale, done) -> trale.connect(Support.loopback(7)).subscribe(c -> {
            Mono<Void> send = c.send(Mono.fromSupplier(() -> ByteBuffer.wrap("x".getBytes())));
            Mono<Void> throwing = Mono.defer(() -> {
                throwOnNextRelease(ConnectionProbe.loop(c));
                return send;
            });
            throwing.doOnError(failures::add).onErrorResume(failure -> send).doOnError(failures::add)
                    .onErrorResume(failure -> trale.connect(Support.loopback(7)).flatMap(other ->
                            other.send(Mono.just(ByteBuffer.wrap("y".getBytes()))).then(other.close())))
                    .doFinally(end -> done.set()).subscribe();
        }));
        assertThat(failures).hasSize(2).allSatisfy(failure -> assertThat(failure).isInstanceOf(IOException.class)
                .hasMessageContaining("failed because of java.lang.OutOfMemoryError").hasRootCauseInstanceOf(OutOfMemoryError.class));
        assertThat(peers.get(1).received()).asString().isEqualTo("y");
        assertThat(uncaught).isEmpty();
    }
}
