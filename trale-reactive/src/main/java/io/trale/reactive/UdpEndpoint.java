package io.trale.reactive;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.BiConsumer;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A UDP socket, connected or unconnected. [Trale#udp(InetSocketAddress)] opens one. See `udp(7)`.
///
/// All methods may be called from any thread; signals come on the loop thread. UDP has no flow control: without demand nothing
/// is received, the socket's receive buffer fills, and the kernel drops further datagrams. [Datagram#dropped] counts them.
public interface UdpEndpoint extends Disposable {

    /// Restricts sending and receiving to `peer`; completes with this. From then on, errors that the peer's host reports are
    /// signalled, such as `ECONNREFUSED`. See `connect(2)`.
    Mono<UdpEndpoint> connect(InetSocketAddress peer);

    /// The received datagrams, in heap buffers of exact size that belong to the subscriber.
    ///
    /// While there is demand, one `recvmsg(2)` is in flight; without demand there is none. A datagram that is longer than a
    /// receive buffer is truncated and marked; with the default of 64 KiB there are none. An error ends the subscription, not
    /// the endpoint: for example, `ECONNREFUSED` reports that no socket is bound at the peer of a connected endpoint. `retry()`
    /// continues. Completes when the endpoint is closed on this side, which also ends a `retry()`.
    ///
    /// One subscriber at a time; a second one fails with [IllegalStateException]. A datagram that arrives after a cancel is
    /// kept for the next subscriber.
    Flux<Datagram> receive();

    /// Sends each element as one datagram, in order; completes when the kernel has taken all of them. The kernel and the
    /// network may still drop sent datagrams.
    ///
    /// The send ends at the first datagram that the kernel refuses (`EMSGSIZE`, `EHOSTUNREACH`, `ECONNREFUSED` and others, see
    /// `sendmsg(2)`) or whose address is not resolved ([java.net.UnknownHostException]), and the source is cancelled. Demand,
    /// window, order, cancellation, overflow and the treatment of a source that is never subscribed to are as in
    /// [Connection#send].
    Mono<Void> send(Publisher<Datagram> source);

    /// As [#send(Publisher)], but continues after a refused datagram: calls `whenRefused` on the loop with the datagram and the
    /// reason. If `whenRefused` throws, the send ends.
    Mono<Void> send(Publisher<Datagram> source, BiConsumer<? super Datagram, ? super IOException> whenRefused);

    /// As [#send(Publisher)], as a subscriber. The send is queued when the source calls `onSubscribe`.
    Sink<Datagram> sink();

    /// The number of pending sends: see [Connection#pendingSends].
    int pendingSends();

    /// Limits the number of pending sends, 1024 by default: see [Connection#maxPendingSends].
    void maxPendingSends(int count);

    /// Closes at once: receives complete, sends fail with [java.nio.channels.ClosedChannelException], and unsent datagrams are
    /// discarded. Idempotent.
    @Override
    void dispose();

    /// Sends the datagrams that sources have already emitted, then closes; completes when the socket is closed.
    Mono<Void> close();

    /// Completes when the socket is closed.
    Mono<Void> onClose();

    /// The local address, with the port that the kernel chose if 0 was given.
    InetSocketAddress localAddress();
}
