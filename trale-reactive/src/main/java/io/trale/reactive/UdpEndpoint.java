package io.trale.reactive;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.BiConsumer;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A UDP socket, unconnected or connected. Its methods may be called from any thread; signals come on the loop. Made by
/// [Trale#udp(InetSocketAddress)].
///
/// UDP loses what is not asked for in time: with no demand nothing is received, the socket's buffer fills, and the kernel
/// drops what comes then. [Datagram#dropped] tells how many those were.
public interface UdpEndpoint extends Disposable {

    /// Makes `peer` the only one to send to and to receive from; completes with this. Errors that the peer's host reports
    /// are then told, as in `ECONNREFUSED`. See `connect(2)`.
    Mono<UdpEndpoint> connect(InetSocketAddress peer);

    /// What is received, one element a datagram: heap buffers of exact size that belong to the subscriber.
    ///
    /// While there is demand one `recvmsg(2)` is in flight; with none there is none. A datagram longer than a receive buffer
    /// (64 KiB unless said otherwise, so none is) is cut off and marked. An error ends the subscription, not the endpoint:
    /// `ECONNREFUSED` says that no socket is bound at the peer of a connected endpoint; `retry()` continues. Completes when the
    /// endpoint is closed on this side, and so ends a `retry()`. One subscriber at a time, and a datagram that comes too late
    /// for the one is the next one's.
    Flux<Datagram> receive();

    /// Sends each element as one datagram, in order; completes when the kernel has taken them all. The kernel may still drop
    /// one, and so may every router.
    ///
    /// The first that the kernel refuses (`EMSGSIZE`, `EHOSTUNREACH`, `ECONNREFUSED` and more, see `sendmsg(2)`), or that is
    /// for an address nobody has looked up ([java.net.UnknownHostException]), ends this send, and the source is cancelled.
    /// Demand, windows, order, cancellation and overflow are those of [Connection#send], and so is what becomes of a source
    /// that is never subscribed to.
    Mono<Void> send(Publisher<Datagram> source);

    /// As [#send(Publisher)], and goes on after a datagram that the kernel refuses: `whenRefused` is told of it and of why,
    /// on the loop. If it throws, the send ends.
    Mono<Void> send(Publisher<Datagram> source, BiConsumer<? super Datagram, ? super IOException> whenRefused);

    /// As [#send(Publisher)], as a subscriber: it gets in line when its source has called it.
    Sink<Datagram> sink();

    /// How many sends are pending: see [Connection#pendingSends].
    int pendingSends();

    /// How many sends may be pending, 1024 unless this is called: see [Connection#maxPendingSends].
    void maxPendingSends(int count);

    /// Closes at once: receiving completes, sending fails with [java.nio.channels.ClosedChannelException], datagrams
    /// that were
    /// not sent yet are dropped. Idempotent.
    @Override
    void dispose();

    /// Sends what sources have emitted so far, then closes; completes when it is closed.
    Mono<Void> close();

    /// Completes when the socket is closed.
    Mono<Void> onClose();

    /// The address of this side, with the port that was chosen.
    InetSocketAddress localAddress();
}
