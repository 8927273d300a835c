package io.trale.reactive;

import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A connected stream socket: TCP, or a Unix domain socket of this host.
///
/// All methods may be called from any thread; signals come on the loop thread. Only the user closes a connection: by [#handle],
/// [#close], [#abort] or [Trale#close]. The end of a send, a cancel and the peer's end do not close it. `TCP_NODELAY` is set
/// unless options change it.
public interface Connection {

    // ---- data

    /// The received bytes, in heap buffers of exact size, each at most as large as one receive buffer (64 KiB by default). The
    /// buffers belong to the subscriber; there is nothing to release.
    ///
    /// While there is demand, one `recv(2)` is in flight. Without demand there is none: the socket's receive buffer fills, and
    /// TCP stops the peer. Completes when the peer has shut down its side (half-close), which stops no send. Fails with
    /// [io.trale.future.ErrnoException] (`ECONNRESET` and others).
    ///
    /// One subscriber at a time; a second one fails with [IllegalStateException]. After a cancel, or a completion by count as
    /// in `take(n)`, the next subscriber continues at the next byte. If received bytes were lost because no memory was left,
    /// this and every later receive fails: no subscriber mistakes a stream with a gap for a complete one.
    ///
    /// If this side closes the connection, by [#close], [#abort] or [Trale#close], a receive that did not reach the peer's end
    /// fails with [java.nio.channels.ClosedChannelException]: a completion would make truncated input look complete. If the
    /// subscriber has no error consumer, Reactor logs that failure at level ERROR. If such a close is an ordinary end for the
    /// subscriber, add `onErrorComplete(ClosedChannelException.class)`.
    ///
    /// **Header, then body.** [io.trale.reactive.codec.Lines], [io.trale.reactive.codec.Strings] and
    /// [io.trale.reactive.codec.Frames] that are applied directly to this consume only the bytes of the elements that they
    /// signal. The next subscriber receives the bytes after the last element, even if they arrived in the same packet:
    ///
    /// ```java
    /// connection.receive().transform(Lines.of(UTF_8)).next()
    ///         .flatMap(header -> connection.send(body(header, connection.receive())));
    /// ```
    ///
    /// Bytes that could not be decoded are not consumed either: another subscriber may read them, and `retry` fails with the
    /// same error again. More bytes are consumed in two cases. An operator between `receive()` and the view passes on whole
    /// chunks, and the view discards the rest of its last chunk. An operator after the view that prefetches, such as
    /// `publishOn`, has consumed the elements in its queue.
    Flux<ByteBuffer> receive();

    /// As [#receive], without a copy: `reader` is called on the loop with the bytes in the memory that the kernel wrote them
    /// to. Its result is the element. The segment is native, writable and valid during the call only; a later access throws. If
    /// `reader` throws, the subscription ends with that error, and those bytes are lost.
    <R> Flux<R> receiveWith(Function<? super MemorySegment, ? extends R> reader);

    /// As [#receive], without a copy: each element is a lease of the memory that the kernel wrote the bytes to. **The
    /// subscriber must close each lease.** Meant for forwarding, as in `b.sendLeases(a.receiveLeases())`. One connection has at
    /// most an eighth of the lease buffers at a time; then its receives wait until a lease is closed.
    Flux<Lease> receiveLeases();

    /// Limits the time that a receive waits for a byte; by default there is no limit.
    ///
    /// If a receive of this connection has been in the kernel for `limit` without a byte, it fails with [ReadIdleException].
    /// Time without demand does not count. The connection stays open, and the next subscriber gets later bytes, so a handler
    /// may send something and receive again. If the handler passes the failure on, [#handle] closes the connection as [#close]
    /// does, and a server logs it at debug level.
    ///
    /// `limit` must be positive; more than 146 years means no limit. Applies to each receive that begins later. Returns this.
    Connection readIdle(Duration limit);

    /// Sends the elements of `source` in order; completes when the kernel has taken every byte (`send(2)`).
    ///
    /// No more is requested from the source than fits into a window of 64 KiB; the kernel's progress makes room for more.
    /// Elements are copied and never modified, position and limit included. Do not change an element until the kernel has taken
    /// it. One buffer may be sent on many connections. The sends of a connection run one after the other, in the order of their
    /// subscription.
    ///
    /// If the source fails, the elements that it emitted are sent, and then its failure is signalled; the connection stays
    /// open. If sending fails (`EPIPE`, `ECONNRESET` and others), the source is cancelled. A cancel takes effect at the end of
    /// an element.
    ///
    /// At most [#maxPendingSends] sends are pending; a further send fails with Reactor's overflow error, see
    /// [reactor.core.Exceptions#isOverflow]. If a send is refused, or ends before its turn, its source is **never subscribed
    /// to**, so resources that the source holds are not released. The source is then passed to the discard hook of this Mono:
    /// to release them, add `doOnDiscard(Publisher.class, source -> ...)`.
    Mono<Void> send(Publisher<? extends ByteBuffer> source);

    /// As [#send(Publisher)], and calls `whenTaken` on the loop with each element of which the kernel has taken all bytes. From
    /// then on the buffer may be reused. Elements that are not sent are passed to the discard hook only.
    Mono<Void> send(Publisher<? extends ByteBuffer> source, Consumer<? super ByteBuffer> whenTaken);

    /// As [#send(Publisher)], without a copy: the kernel reads the bytes where it wrote them. Each lease is closed once it is
    /// sent, or once it certainly will not be sent (for example, an operator discarded it). While the peer does not read, the
    /// bytes are moved to the heap, so that no lease waits for the peer. Leases that `source` already holds, as in
    /// `Mono.just(lease)`, stay open if `source` is never subscribed to: see [#send(Publisher)].
    Mono<Void> sendLeases(Publisher<Lease> source);

    /// As [#send(Publisher)], as a subscriber. The send is queued when the source calls `onSubscribe`.
    Sink<ByteBuffer> sink();

    /// The number of pending sends: the active one and those that wait for it, sends of sinks and [#shutdownOutput] included. A
    /// send counts once the loop has accepted it.
    int pendingSends();

    /// Limits the number of pending sends to `count`, at least 1; 1024 by default. A further send fails with an overflow error.
    /// Sends that are already pending stay. Sends accumulate if the peer does not read.
    void maxPendingSends(int count);

    /// Shuts down our side after the sends before it (half-close): the peer receives what was sent, and then the end of the
    /// stream. Receiving continues. See `shutdown(2)`.
    Mono<Void> shutdownOutput();

    // ---- TLS

    /// Begins TLS on this connection, which has been in the clear: STARTTLS. From then on all that is sent and received is
    /// encrypted. Completes when the handshake has ended, and then [#receive] and [#send] work as before, on the plaintext.
    ///
    /// This side is the client if it has connected, and the server if it has accepted. What the peer has sent and nothing has
    /// consumed belongs to the handshake. A send that is subscribed to meanwhile waits for the end of the handshake.
    ///
    /// Fails with [javax.net.ssl.SSLException], if the peer cannot be trusted, say, and the connection is closed after the
    /// alert; with [java.util.concurrent.TimeoutException] after [TlsOptions#handshakeTimeout], and the connection is
    /// aborted; with [IllegalStateException] if there is TLS already, a send is pending, or there is a subscriber of
    /// [#receive] or its kin.
    ///
    /// The end of the peer's side is a close_notify alert. If its bytes end without one, [#receive] fails with
    /// [javax.net.ssl.SSLException], unless the options allow that. With TLS 1.2 the peer's end is that of our side as well.
    /// [#close] and [#shutdownOutput] send the alert, [#abort] does not. Demand is as exact as without TLS: without it
    /// nothing is received, and no more is encrypted than is sent at once.
    Mono<Void> startTls(TlsOptions options);

    /// What the handshake has come to; empty without TLS. While the handshake lasts, of no meaning.
    Optional<TlsSession> tls();

    // ---- life

    /// Runs `handler` on this connection, then closes the connection. If the handler completes, this closes as [#close] does.
    /// If it fails, this aborts as [#abort] does, unless a close has already begun, and fails with the same error. A cancel
    /// aborts as well. Also fails if the handler, or an operator or subscriber in its pipeline, throws a fatal error of the JVM
    /// on the loop, which operators do not catch.
    Mono<Void> handle(Function<? super Connection, ? extends Publisher<Void>> handler);

    /// Flushes and closes; always ends, see [#closeTimeout]. Completes when the socket is closed.
    ///
    /// The sources of sends are cancelled, and the elements that they emitted are sent. A send that is cut off by this fails
    /// with [java.nio.channels.ClosedChannelException]. Then our side is shut down, and input is discarded until the peer has
    /// shut down its side. The reason: the kernel resets a connection that is closed with unread input, and a reset destroys
    /// what the peer has not received yet. See `shutdown(2)`, `close(2)`.
    ///
    /// A receive that did not reach the peer's end fails. If that is an ordinary end for its subscriber, see [#receive].
    Mono<Void> close();

    /// Limits how long [#close] waits for the peer; 10 seconds by default.
    ///
    /// If the peer takes none of the bytes that are left to flush for `limit`, the connection is aborted as by [#abort], at
    /// most a quarter of `limit` later. After the flush, close waits for the peer's end as long as the peer sends or takes
    /// something every two seconds, for `limit` and 16 MiB of discarded input at most. Then the socket is closed.
    ///
    /// Zero or less means not to wait. Applies to each close that begins later. Returns this.
    Connection closeTimeout(Duration limit);

    /// Closes at once: unsent bytes are discarded, and a TCP peer is reset. Sends fail, and so does a receive; see [#receive] if
    /// that is an ordinary end for its subscriber. Idempotent.
    void abort();

    /// Completes when the socket is closed on this side. The peer's end or a reset does not close it; [#receive] and [#send]
    /// report them.
    Mono<Void> onClose();

    // ---- options and addresses

    /// Sets an option of the socket for each subscription. Fails as [io.trale.net.NetworkSocket#setOption] does.
    <T> Mono<Void> setOption(SocketOption<T> option, T value);

    /// The value of an option of the socket. Fails as [io.trale.net.NetworkSocket#getOption] does.
    <T> Mono<T> getOption(SocketOption<T> option);

    /// The address of this side, also after a close.
    SocketAddress localAddress();

    /// The address of the peer, also after a close. The empty path if the peer is a Unix socket without a path.
    SocketAddress remoteAddress();
}
