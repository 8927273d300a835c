package io.trale.reactive.datagram;

import io.trale.leaf.Sockets;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.net.NetOptions;
import io.trale.net.UdpSocket;
import io.trale.reactive.Datagram;
import io.trale.reactive.Sink;
import io.trale.reactive.UdpEndpoint;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.MappedFuture;
import io.trale.reactive.loop.ReadyFuture;
import io.trale.reactive.send.SendSubscriber;
import io.trale.reactive.send.SubscriberSink;
import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// A [UdpEndpoint] on a socket: composed of its receiver and its sender.
public final class UdpSocketEndpoint implements UdpEndpoint {

    final Loop loop;
    final Descriptor descriptor;
    private final UdpSocket socket;
    private final DatagramReceiver receiver;
    private final DatagramSender sender;
    private final Sinks.Empty<Void> closed = Sinks.empty();

    private UdpSocketEndpoint(Loop loop, UdpSocket socket) {
        this.loop = loop;
        this.socket = socket;
        descriptor = socket.descriptor();
        receiver = new DatagramReceiver(this);
        sender = new DatagramSender(this);
        descriptor.whenClosed(() -> {
            receiver.place.wake();
            closed.tryEmitEmpty();
        });
    }

    /// Opens an endpoint for each subscription: see [io.trale.reactive.Trale#udp(InetSocketAddress, NetOptions)].
    public static Mono<UdpEndpoint> bind(Loop loop, InetSocketAddress address, NetOptions options) {
        return new FutureMono<UdpEndpoint>(loop, () -> new ReadyFuture<>(() -> open(loop, address, options)),
                UdpEndpoint::dispose).assembled();
    }

    private static UdpEndpoint open(Loop loop, InetSocketAddress address, NetOptions options) throws IOException {
        UdpSocket socket = UdpSocket.bind(address, options);
        try {
            UdpSocketEndpoint endpoint = new UdpSocketEndpoint(loop, socket);
            Sockets.setOption(endpoint.descriptor, Net.SOL_SOCKET, Net.SO_RXQ_OVFL, 1);
            loop.opened(endpoint.descriptor, endpoint::abort);
            return endpoint;
        } catch (Throwable t) {
            socket.close();
            throw t;
        }
    }

    @Override
    public Mono<UdpEndpoint> connect(InetSocketAddress peer) {
        return new FutureMono<UdpEndpoint>(loop, () -> new MappedFuture<>(socket.connect(peer), nothing -> this),
                unwanted -> { }).assembled();
    }

    @Override
    public Flux<Datagram> receive() {
        return receiver.flux();
    }

    @Override
    public Mono<Void> send(Publisher<Datagram> source) {
        return SendSubscriber.mono("sink(traleSendDatagrams)", sender, source, null, null);
    }

    @Override
    public Mono<Void> send(Publisher<Datagram> source, BiConsumer<? super Datagram, ? super IOException> whenRefused) {
        return SendSubscriber.mono("sink(traleSendDatagrams)", sender, source, null, Objects.requireNonNull(whenRefused));
    }

    @Override
    public Sink<Datagram> sink() {
        return new SubscriberSink<>(this::send);
    }

    @Override
    public int pendingSends() {
        return sender.pending();
    }

    @Override
    public void maxPendingSends(int count) {
        sender.maxPending(count);
    }

    @Override
    public void dispose() {
        loop.run(this::abort);
    }

    private void abort() {
        if (descriptor.isOpen()) {
            sender.abort();
        }
    }

    @Override
    public boolean isDisposed() {
        return !descriptor.isOpen();
    }

    @Override
    public Mono<Void> close() {
        return onClose().doOnSubscribe(s -> loop.run(sender::close));
    }

    @Override
    public Mono<Void> onClose() {
        return closed.asMono();
    }

    @Override
    public InetSocketAddress localAddress() {
        return socket.localAddress();
    }

    @Override
    public String toString() {
        return "UdpEndpoint(fd=" + descriptor.fd() + ", " + SocketAddresses.format(localAddress()) + ")";
    }
}
