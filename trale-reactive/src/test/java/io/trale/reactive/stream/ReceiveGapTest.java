package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import io.trale.uring.Opcode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/// Received bytes are lost if there is no memory for them. A stream with such a gap never looks complete: the next subscriber
/// gets an error, and none of the later bytes.
@Timeout(60)
class ReceiveGapTest {

    private final List<String> received = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private SimPeer peer;

    private void note(Publisher<byte[]> bytes, Runnable end) {
        Flux.from(bytes).subscribe(piece -> received.add(new String(piece)), failure -> {
            failures.add(failure);
            end.run();
        }, end);
    }

    private void assertFailed() {
        assertThat(failures).singleElement().isInstanceOf(IOException.class).asString()
                .contains("recv(fd=", "received bytes were lost because of java.lang.OutOfMemoryError");
        assertThat(received).isEmpty();
    }

    /// Bytes arrive on two connections at once, and the first subscriber cancels the other receive: its bytes must be kept.
    @Test
    void bytesLostAfterACancelFailTheNextReceive() throws Exception {
        SimKernel kernel = new SimKernel(1);
        List<SimPeer> peers = new ArrayList<>();
        kernel.listenOn(7, peers::add);
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(a ->
                trale.connect(Support.loopback(7)).subscribe(b -> {
                    Connection[] both = {a, b};
                    Disposable[] receives = new Disposable[2];
                    for (int i = 0; i < 2; i++) {
                        int other = 1 - i;
                        ConnectionProbe.keepNothing(both[i]);
                        receives[i] = both[i].receive().subscribe(bytes -> {
                            receives[other].dispose();
                            trale.ticks(Duration.ofMillis(1)).next().subscribe(tick -> {
                                peers.get(other).send("late".getBytes()).finish();
                                note(ReceiveKind.COPIES.receive(both[other]), done::set);
                            });
                        });
                    }
                    kernel.after(1_000_000, () -> peers.forEach(each -> each.send("early".getBytes())));
                })));
        assertFailed();
    }

    @Test
    void bytesLostInAnElementFailTheNextReceive() throws Exception {
        SimKernel kernel = new SimKernel(1);
        kernel.listenOn(7, accepted -> peer = accepted);
        List<Throwable> first = new ArrayList<>();
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(c -> {
            peer.send("early".getBytes());
            kernel.after(1_000_000, () -> peer.send("late".getBytes()).finish());
            ConnectionProbe.receiveNothing(c).subscribe(null, failure -> {
                first.add(failure);
                note(ReceiveKind.COPIES.receive(c), done::set);
            });
        }));
        assertThat(first).singleElement().isInstanceOf(OutOfMemoryError.class);
        assertFailed();
    }

    @ParameterizedTest
    @EnumSource(names = {"COPIES", "PIECES"})
    void bytesThatCouldNotBeCopiedFailTheNext(ReceiveKind kind) throws Exception {
        SimKernel kernel = new SimKernel(1);
        kernel.listenOn(7, accepted -> peer = accepted);
        List<Throwable> first = new ArrayList<>();
        SimTrale.run(kernel, ExecutorOptions.defaults().receiveBuffers(1, 64), (trale, done) ->
                trale.connect(Support.loopback(7)).subscribe(c -> {
                    kernel.overstateNext(Opcode.RECV);
                    peer.send("early".getBytes());
                    kernel.after(1_000_000, () -> peer.send("late".getBytes()).finish());
                    kind.receive(c).subscribe(bytes -> received.add("early"), failure -> {
                        first.add(failure);
                        note(kind.receive(c), done::set);
                    });
                }));
        assertThat(first).singleElement().isInstanceOf(OutOfMemoryError.class);
        assertFailed();
    }
}
