package io.trale.reactive.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.reactive.Datagram;
import io.trale.reactive.Sink;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// Datagrams as elements, on the real kernel, with sockets of the JDK as peers.
@Timeout(60)
class UdpTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);

    private Trale trale;
    private UdpEndpoint endpoint;
    private DatagramSocket peer;
    private InetSocketAddress peerAddress;

    @BeforeEach
    void start() throws IOException {
        open(ExecutorOptions.defaults());
    }

    private void open(ExecutorOptions options) throws IOException {
        trale = Trale.start(options);
        endpoint = trale.udp(Support.loopback(0)).block();
        peer = new DatagramSocket(Support.loopback(0));
        peer.setSoTimeout((int) LIMIT.toMillis());
        peerAddress = (InetSocketAddress) peer.getLocalSocketAddress();
    }

    @AfterEach
    void stop() {
        peer.close();
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
    }

    private void sendFromPeer(String text) {
        sendFromPeer(text.getBytes());
    }

    private void sendFromPeer(byte[] bytes) {
        try {
            peer.send(new DatagramPacket(bytes, bytes.length, endpoint.localAddress()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String receivedByPeer() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
        peer.receive(packet);
        assertThat(packet.getSocketAddress()).isEqualTo(endpoint.localAddress());
        return new String(packet.getData(), 0, packet.getLength());
    }

    private static String text(Datagram datagram) {
        return new String(Support.bytesOf(datagram.data()));
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    // ---- receives

    @Test
    void eachDatagramIsAnElementWithItsSender() {
        StepVerifier.create(endpoint.receive(), 0)
                .then(() -> {
                    sendFromPeer("one");
                    sendFromPeer("");
                    sendFromPeer("three");
                })
                .thenRequest(2)
                .assertNext(datagram -> {
                    assertThat(text(datagram)).isEqualTo("one");
                    assertThat(datagram.peer()).isEqualTo(peerAddress);
                    assertThat(datagram.truncated()).isFalse();
                    assertThat(datagram.dropped()).isZero();
                })
                .assertNext(datagram -> assertThat(datagram.data().remaining()).isZero())
                .thenRequest(1)
                .assertNext(datagram -> assertThat(text(datagram)).isEqualTo("three"))
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void withoutDemandNothingIsInFlightAndTheLoopSleeps() {
        BaseSubscriber<Datagram> idle = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {}
        };
        endpoint.receive().subscribe(idle);
        long enters = Support.asleep(trale);
        for (int i = 0; i < 100; i++) {
            sendFromPeer("unasked");
        }
        assertThat(trale.stats().enters()).isEqualTo(enters);
        assertThat(trale.stats().inFlight()).isZero();
        idle.cancel();
    }

    @Test
    void datagramsDroppedByTheKernelAreCounted() {
        CompletableFuture<List<Datagram>> received = new CompletableFuture<>();
        byte[] large = new byte[8000];
        int sent = 500;
        for (int i = 0; i < sent; i++) {
            sendFromPeer(large); // 4 MB: more than any default buffer holds
        }
        endpoint.receive().take(5).collectList().subscribe(received::complete);
        assertThat(Support.get(received)).allMatch(datagram -> datagram.dropped() == 0); // received before the drops
        List<Datagram> rest = new CopyOnWriteArrayList<>();
        endpoint.receive().takeUntil(datagram -> text(datagram).equals("last")).doOnNext(rest::add)
                .subscribe();
        Support.until("the last", () -> {
            sendFromPeer("last"); // until it fits
            return rest.stream().anyMatch(datagram -> text(datagram).equals("last"));
        });
        Datagram last = rest.getLast();
        long arrived = 5 + rest.stream().filter(datagram -> datagram.data().remaining() == large.length).count();
        assertThat(last.dropped()).isGreaterThanOrEqualTo(sent - arrived).isPositive();
    }

    @Test
    void aDatagramLongerThanTheBufferIsMarkedTruncated() throws IOException {
        stop();
        open(ExecutorOptions.defaults().receiveBuffers(2, 16));
        StepVerifier.create(endpoint.receive())
                .then(() -> sendFromPeer("0123456789abcdefghij"))
                .assertNext(datagram -> {
                    assertThat(text(datagram)).isEqualTo("0123456789abcdef");
                    assertThat(datagram.truncated()).isTrue();
                })
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void aDatagramReceivedAfterACancelGoesToTheNextSubscriber() {
        for (int i = 0; i < 200; i++) {
            CompletableFuture<Void> gone = new CompletableFuture<>();
            BaseSubscriber<Datagram> fickle = new BaseSubscriber<>() {
                @Override
                protected void hookOnNext(Datagram datagram) {
                    throw new AssertionError("cancelled, and got " + text(datagram));
                }

                @Override
                protected void hookFinally(reactor.core.publisher.SignalType type) {
                    gone.complete(null);
                }
            };
            endpoint.receive().subscribe(fickle);
            String text = "number " + i;
            Support.onLoop(trale, () -> {
                sendFromPeer(text);
                fickle.cancel(); // the receive is in flight, and may have the datagram already
                return null;
            });
            Support.get(gone);
            assertThat(text(endpoint.receive().blockFirst(LIMIT))).isEqualTo(text);
        }
    }

    @Test
    void aSecondSubscriberFails() {
        BaseSubscriber<Datagram> first = new BaseSubscriber<>() {};
        endpoint.receive().subscribe(first);
        StepVerifier.create(endpoint.receive()).expectError(IllegalStateException.class).verify(LIMIT);
        first.cancel();
    }

    // ---- sends

    @Test
    void aSinkSendsItsElements() throws IOException {
        Sink<Datagram> sink = endpoint.sink();
        Flux.just("one", "two").map(text -> Datagram.to(peerAddress, bytes(text))).subscribe(sink);
        sink.onEnd().block(LIMIT);
        assertThat(receivedByPeer()).isEqualTo("one");
        assertThat(receivedByPeer()).isEqualTo("two");
    }

    @Test
    void eachElementIsSentAsOneDatagram() throws IOException {
        endpoint.send(Flux.just("a", "", "ccc").map(text -> Datagram.to(peerAddress, bytes(text)))).block(LIMIT);
        assertThat(receivedByPeer()).isEqualTo("a");
        assertThat(receivedByPeer()).isEmpty();
        assertThat(receivedByPeer()).isEqualTo("ccc");
    }

    @Test
    void anEchoServerIsOneLine() throws IOException {
        endpoint.send(endpoint.receive().map(datagram -> datagram.reply(datagram.data()))).subscribe();
        for (int i = 0; i < 100; i++) {
            sendFromPeer("ping " + i);
            assertThat(receivedByPeer()).isEqualTo("ping " + i);
        }
    }

    @Test
    void aTooLongDatagramFailsOnlyItsSend() throws IOException {
        Datagram tooLong = Datagram.to(peerAddress, ByteBuffer.allocate(65_508));
        Datagram longer = Datagram.to(peerAddress, ByteBuffer.allocate(100_000));
        for (Datagram datagram : List.of(tooLong, longer)) {
            StepVerifier.create(endpoint.send(Mono.just(datagram)))
                    .expectErrorSatisfies(failure -> assertThat(((ErrnoException) failure).errno()).isEqualTo(Errno.EMSGSIZE))
                    .verify(LIMIT);
        }
        endpoint.send(Mono.just(Datagram.to(peerAddress, bytes("after")))).block(LIMIT);
        assertThat(receivedByPeer()).isEqualTo("after");
    }

    @Test
    void refusedDatagramsAreReportedAndTheRestIsSent() throws IOException {
        List<Integer> refused = new ArrayList<>();
        Flux<Datagram> source = Flux.just(1, 65_508, 2, 100_000, 3)
                .map(size -> Datagram.to(peerAddress, ByteBuffer.allocate(size)));
        endpoint.send(source, (datagram, why) -> refused.add(datagram.data().remaining())).block(LIMIT);
        assertThat(refused).containsExactly(65_508, 100_000);
        assertThat(receivedByPeer()).hasSize(1);
        assertThat(receivedByPeer()).hasSize(2);
        assertThat(receivedByPeer()).hasSize(3);
    }

    @Test
    void anUnresolvedAddressFailsOnlyItsDatagram() throws IOException {
        Datagram toNobody = Datagram.to(InetSocketAddress.createUnresolved("nobody.invalid", 1), bytes("lost"));
        StepVerifier.create(endpoint.send(Mono.just(toNobody)))
                .expectErrorSatisfies(failure -> assertThat(failure).isInstanceOf(UnknownHostException.class)
                        .hasMessageContaining("nobody.invalid"))
                .verify(LIMIT);
        List<Datagram> refused = new ArrayList<>();
        endpoint.send(Flux.just(toNobody, Datagram.to(peerAddress, bytes("after"))), (datagram, why) -> refused.add(datagram))
                .block(LIMIT);
        assertThat(refused).containsExactly(toNobody);
        assertThat(receivedByPeer()).isEqualTo("after");
    }

    /// The callback cancels or closes, and also throws: that ends its own send and no other.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRefusalCallbackMayEndItsSend(boolean byCancel) {
        CompletableFuture<Throwable> dropped = new CompletableFuture<>();
        Consumer<Throwable> hook = dropped::complete;
        Disposable[] send = new Disposable[1];
        CompletableFuture<Void> next = Support.onLoop(trale, () -> {
            Flux<Datagram> tooLong = Flux.just(Datagram.to(peerAddress, ByteBuffer.allocate(65_508)));
            send[0] = endpoint.send(tooLong.concatWith(Flux.never()), (datagram, why) -> {
                if (byCancel) {
                    send[0].dispose();
                } else {
                    endpoint.dispose();
                }
                throw new IllegalStateException("on purpose");
            }).contextWrite(context -> context.put("reactor.onErrorDropped.local", hook)).subscribe(null, failure -> { });
            return endpoint.send(Mono.just(Datagram.to(peerAddress, bytes("next")))).toFuture();
        });
        assertThat(Support.get(dropped)).isInstanceOf(ErrnoException.class)
                .satisfies(refusal -> assertThat(refusal.getSuppressed()).hasSize(1));
        if (byCancel) {
            Support.get(next);
        } else {
            assertThat(next).failsWithin(LIMIT).withThrowableThat().withCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void theLargestDatagramIsSentAndReceived() throws IOException {
        byte[] large = Support.bytes(1, 65_507);
        endpoint.send(Mono.just(Datagram.to(peerAddress, ByteBuffer.wrap(large)))).block(LIMIT);
        DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
        peer.setOption(StandardSocketOptions.SO_SNDBUF, 200_000);
        peer.receive(packet);
        assertThat(packet.getLength()).isEqualTo(large.length);
        sendFromPeer(large);
        assertThat(Support.bytesOf(endpoint.receive().blockFirst(LIMIT).data())).isEqualTo(large);
    }

    @Test
    void requestsNoMoreThanTheWindow() {
        List<Long> requests = new ArrayList<>();
        endpoint.send(Flux.range(0, 1000).map(i -> Datagram.to(peerAddress, ByteBuffer.allocate(100))).hide()
                .doOnRequest(requests::add)).block(LIMIT);
        assertThat(requests.getFirst()).isEqualTo(1);
        assertThat(requests).allMatch(n -> n <= Support.WINDOW_ELEMENTS);
    }

    /// A user error; such an element may be sent in any state, but it must not occupy the window.
    @Test
    void elementsModifiedBeforeTheirSendDoNotBlockOthers() {
        Flux<Datagram> source = Flux.<Datagram>generate(sink -> {
            ByteBuffer data = ByteBuffer.allocate(1000);
            sink.next(Datagram.to(peerAddress, data));
            data.position(data.limit());
        }).take(1000);
        endpoint.send(source).block(LIMIT);
    }

    // ---- connected

    @Test
    void connectedEndpointsSendWithoutAddressAndSeeRefusals() throws IOException {
        assertThat(endpoint.connect(peerAddress).block(LIMIT)).isSameAs(endpoint);
        endpoint.send(Mono.just(Datagram.of(bytes("hello")))).block(LIMIT);
        assertThat(receivedByPeer()).isEqualTo("hello");
        peer.close();
        endpoint.send(Mono.just(Datagram.of(bytes("anyone?")))).block(LIMIT);
        StepVerifier.create(endpoint.receive())
                .expectErrorSatisfies(failure -> assertThat(((ErrnoException) failure).errno()).isEqualTo(Errno.ECONNREFUSED))
                .verify(LIMIT);
        assertThat(endpoint.isDisposed()).isFalse();
    }

    @Test
    void aSendWithoutAPeerFails() {
        StepVerifier.create(endpoint.send(Mono.just(Datagram.of(bytes("whom?")))))
                .expectErrorSatisfies(failure -> assertThat(failure).hasMessageContaining("EDESTADDRREQ"))
                .verify(LIMIT);
    }

    @Test
    void oneEndpointServesIpv4AndIpv6() throws IOException {
        UdpEndpoint any = trale.udp(0).block(LIMIT);
        peer.send(new DatagramPacket(new byte[] {'4'}, 1, Support.loopback(any.localAddress().getPort())));
        Datagram datagram = any.receive().blockFirst(LIMIT);
        assertThat(datagram.peer()).isEqualTo(peerAddress);
        any.send(Mono.just(datagram.reply(bytes("back")))).block(LIMIT);
        DatagramPacket packet = new DatagramPacket(new byte[10], 10);
        peer.receive(packet);
        assertThat(packet.getLength()).isEqualTo(4);
        any.dispose();
    }

    // ---- ends

    @Test
    void disposalCompletesReceivesAndFailsSends() {
        CompletableFuture<Void> received = endpoint.receive().then().toFuture();
        CompletableFuture<Void> sent = endpoint.send(Flux.never()).toFuture();
        endpoint.dispose();
        endpoint.onClose().block(LIMIT);
        Support.get(received);
        assertThat(sent).failsWithin(LIMIT).withThrowableThat().withCauseInstanceOf(ClosedChannelException.class);
        StepVerifier.create(endpoint.receive()).expectComplete().verify(LIMIT);
        StepVerifier.create(endpoint.send(Mono.empty())).expectError(ClosedChannelException.class).verify(LIMIT);
        assertThat(endpoint.isDisposed()).isTrue();
    }

    @Test
    void closingTheTraleCompletesReceives() {
        CompletableFuture<Void> received = endpoint.receive().then().toFuture();
        trale.close();
        Support.get(received);
    }

    @Test
    void anAddressInUseFails() {
        StepVerifier.create(trale.udp(peerAddress))
                .expectErrorSatisfies(failure -> assertThat(failure).hasMessageContaining("EADDRINUSE"))
                .verify(LIMIT);
    }
}
