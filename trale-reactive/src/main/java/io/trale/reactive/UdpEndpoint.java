package io.trale.reactive;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.Sockets;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.net.NetOptions;
import io.trale.net.UdpSocket;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.send.SendSubscriber;
import io.trale.reactive.send.SubscriberSink;
import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// A UDP socket, unconnected or connected. Its methods may be called from any thread; signals come on the loop. Made by
/// [Trale#udp(InetSocketAddress)].
///
/// UDP loses what is not asked for in time: with no demand nothing is received, the socket's buffer fills, and the kernel
/// drops what comes then. [Datagram#dropped] tells how many those were.
public final class UdpEndpoint implements Disposable {

    final Loop loop;
    final Descriptor descriptor;
    private final UdpSocket socket;
    private final DatagramReceiver receiver;
    private final DatagramSender sender;
    private final Sinks.Empty<Void> closed = Sinks.empty();

    private UdpEndpoint(Loop loop, UdpSocket socket) {
        this.loop = loop;
        this.socket = socket;
        descriptor = socket.descriptor();
        receiver = new DatagramReceiver(this);
        sender = new DatagramSender(this);
        descriptor.whenClosed(() -> {
            receiver.wakeConsumer();
            closed.tryEmitEmpty();
        });
    }

    /// Opens one. Loop thread.
    static UdpEndpoint open(Loop loop, InetSocketAddress address, NetOptions options) throws IOException {
        UdpEndpoint endpoint = new UdpEndpoint(loop, UdpSocket.bind(address, options));
        Sockets.setOption(endpoint.descriptor, Net.SOL_SOCKET, Net.SO_RXQ_OVFL, 1);
        loop.opened(endpoint.descriptor, endpoint::abort);
        return endpoint;
    }

    /// Makes `peer` the only one to send to and to receive from; completes with this. Errors that the peer's host reports
    /// are then told, as in `ECONNREFUSED`. See `connect(2)`.
    public Mono<UdpEndpoint> connect(InetSocketAddress peer) {
        return new FutureMono<UdpEndpoint>(loop, () -> new Connecting(socket.connect(peer)), unwanted -> { }).assembled();
    }

    private final class Connecting implements Future<UdpEndpoint> {

        private final Future<Void> connect;

        Connecting(Future<Void> connect) {
            this.connect = connect;
        }

        @Override
        public boolean poll(Waker waker) {
            return connect.poll(waker);
        }

        @Override
        public UdpEndpoint result() throws Exception {
            connect.result();
            return UdpEndpoint.this;
        }

        @Override
        public void cancel() {
            connect.cancel();
        }
    }

    /// What is received, one element a datagram: heap buffers of exact size that belong to the subscriber.
    ///
    /// While there is demand one `recvmsg(2)` is in flight; with none there is none. A datagram longer than a receive buffer
    /// (64 KiB unless said otherwise, so none is) is cut off and marked. An error ends the subscription, not the endpoint:
    /// `ECONNREFUSED` says that the peer of a connected one has nobody there, and `retry()` goes on. Completes when the
    /// endpoint is closed on this side, and so ends a `retry()`. One subscriber at a time, and a datagram that comes too late
    /// for the one is the next one's.
    public Flux<Datagram> receive() {
        return receiver.flux();
    }

    /// Sends each element as one datagram, in order; completes when the kernel has taken them all. The kernel may still drop
    /// one, and so may every router.
    ///
    /// The first that the kernel refuses (`EMSGSIZE`, `EHOSTUNREACH`, `ECONNREFUSED` and more, see `sendmsg(2)`), or that is
    /// for an address nobody has looked up ([java.net.UnknownHostException]), ends this send, and the source is cancelled.
    /// Demand, windows, order, cancellation and overflow are those of [Connection#send], and so is what becomes of a source
    /// that is never subscribed to.
    public Mono<Void> send(Publisher<Datagram> source) {
        return SendSubscriber.mono("traleSendDatagrams", sender, source, null, null);
    }

    /// As [#send(Publisher)], and goes on after a datagram that the kernel refuses: `whenRefused` is told of it and of why,
    /// on the loop. If it throws, the send ends.
    public Mono<Void> send(Publisher<Datagram> source, BiConsumer<? super Datagram, ? super IOException> whenRefused) {
        return SendSubscriber.mono("traleSendDatagrams", sender, source, null, Objects.requireNonNull(whenRefused));
    }

    /// As [#send(Publisher)], as a subscriber: it gets in line when its source has called it.
    public Sink<Datagram> sink() {
        return new SubscriberSink<>(this::send);
    }

    /// How many sends are pending: see [Connection#pendingSends].
    public int pendingSends() {
        return sender.pending();
    }

    /// How many sends may be pending, 1024 unless this is called: see [Connection#maxPendingSends].
    public void maxPendingSends(int count) {
        sender.maxPending(count);
    }

    /// Closes at once: receiving completes, sending fails with [java.nio.channels.ClosedChannelException], datagrams
    /// that were
    /// not sent yet are dropped. Idempotent.
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

    /// Sends what sources have emitted so far, then closes; completes when it is closed.
    public Mono<Void> close() {
        return onClose().doOnSubscribe(s -> loop.run(sender::close));
    }

    /// Completes when the socket is closed.
    public Mono<Void> onClose() {
        return closed.asMono();
    }

    /// The address of this side, with the port that was chosen.
    public InetSocketAddress localAddress() {
        return socket.localAddress();
    }

    boolean isOpen() {
        return descriptor.isOpen() && loop.reactor.isAccepting();
    }

    @Override
    public String toString() {
        return "UdpEndpoint(fd=" + descriptor.fd() + ", " + SocketAddresses.format(localAddress()) + ")";
    }
}
