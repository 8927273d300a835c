package io.trale.reactive;

import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A connection, of TCP or between processes of this host. Its methods may be called from any thread; signals come on the
/// loop.
///
/// Nothing closes a connection but its user, through [#handle], [#close] or [#abort], and [Trale#close]: not the end of
/// a send, not a cancel, not the peer. `TCP_NODELAY` is set unless options say otherwise.
public interface Connection {

    // ---- data

    /// What the peer sends, in the chunks in which it comes: heap buffers of exact size, at most as large as one receive
    /// buffer (64 KiB unless said otherwise). They belong to the subscriber; there is nothing to release.
    ///
    /// While there is demand one `recv(2)` is in flight; with none there is none, the socket's buffer fills, and the peer
    /// stalls. Completes when the peer ends its side, and stops no send by that. Fails with
    /// [io.trale.future.ErrnoException] (`ECONNRESET` and others). If received bytes were lost for want of memory, this and
    /// every later receive fails: no subscriber takes a stream with a gap for whole. One subscriber at a time: after it has
    /// cancelled or completed by count, as in `take(n)`, the next goes on at the very next byte.
    ///
    /// If this side closes the connection, by [#close], [#abort] or [Trale#close], a receive that did not reach the peer's end
    /// fails with [java.nio.channels.ClosedChannelException]. A subscriber without an error consumer has Reactor log that as
    /// dropped. If such a close is an ordinary end for the subscriber, add `onErrorComplete(ClosedChannelException.class)`.
    ///
    /// Header, then body: [io.trale.reactive.codec.Lines], [io.trale.reactive.codec.Strings] and
    /// [io.trale.reactive.codec.Frames] that are applied directly to this consume the bytes of the
    /// elements that they signal, and no others. The next subscriber gets the bytes behind the last element, also if they
    /// came in the same packet:
    ///
    /// ```java
    /// connection.receive().transform(Lines.of(UTF_8)).next()
    ///         .flatMap(header -> connection.send(body(header, connection.receive())));
    /// ```
    ///
    /// Bytes that could not be decoded are not consumed either, so another subscriber may read them, but `retry` meets
    /// the same error again. Two things consume more: an operator between `receive()` and the view passes on whole chunks,
    /// whose rest is discarded with the view; and an operator behind the view that prefetches elements, such as
    /// `publishOn`, has consumed them.
    Flux<ByteBuffer> receive();

    /// As [#receive], with no copy: `reader` is called on the loop with the bytes in the memory that the kernel wrote
    /// them to, and what it returns is the element. The segment is native, valid during the call only, and may be
    /// written to: keeping it is of no use, since every access then throws. If `reader` throws, the subscription ends with
    /// that error, and those bytes are gone.
    <R> Flux<R> receiveWith(Function<? super MemorySegment, ? extends R> reader);

    /// As [#receive], with no copy: each element is a loan of the memory that the kernel wrote the bytes to, and
    /// **whoever gets it closes it**. Meant for passing on, as in `b.sendLeases(a.receiveLeases())`. At most an eighth
    /// of the buffers for leases is with one connection at a time; then receiving waits until one is given back.
    Flux<Lease> receiveLeases();

    /// Limits how long a receive may bring nothing; without a limit by default.
    ///
    /// If the kernel has had a receive of this connection for `limit` and no byte has come, [#receive] and its kin fail with
    /// [ReadIdleException]. Time without demand does not count. The connection stays open, and what comes later is for the
    /// next subscriber; so a handler may send something and receive again. If the handler passes the failure on,
    /// [#handle] closes the connection as by [#close], and a server logs it at debug level.
    ///
    /// `limit` must be positive; one of more than 146 years is none. Applies to each receive that begins later. Any thread.
    /// Returns this.
    Connection readIdle(Duration limit);

    /// Sends the elements of `source`, in order; completes when the kernel has taken every byte.
    ///
    /// No more is asked of the source than a window of 64 KiB takes; the kernel's progress asks for more. Elements are
    /// copied, never changed (position and limit included), and must stay as they are until then; so the same buffer may
    /// be sent on many connections. Sends of one connection go one after the other, in the order of their subscription.
    ///
    /// If the source fails, what it had emitted is sent, and then the failure is signalled: the connection stays. If
    /// sending fails (`EPIPE`, `ECONNRESET`, ...), the source is cancelled. A cancel stops at the end of an element.
    ///
    /// At most [#maxPendingSends] sends are pending; one more fails with Reactor's overflow error, see
    /// [reactor.core.Exceptions#isOverflow]. The source of a send that is refused, or ends before its turn, is **never
    /// subscribed to**, so nothing that it holds is released. It is then passed to the discard hook of this Mono: to release
    /// what it holds, add `doOnDiscard(Publisher.class, source -> ...)`.
    Mono<Void> send(Publisher<? extends ByteBuffer> source);

    /// As [#send(Publisher)], and tells `whenTaken`, on the loop, of each element whose bytes the kernel has all taken:
    /// from then on the buffer may be used again. Of elements that are not sent, nobody is told but the discard hook.
    Mono<Void> send(Publisher<? extends ByteBuffer> source, Consumer<? super ByteBuffer> whenTaken);

    /// As [#send(Publisher)], with no copy: the kernel reads where it had written. Each lease is closed once it is sent,
    /// or is clear that it will not be, as when an operator of `source` discards it; while the peer does not read, the
    /// bytes are moved to the heap, so that no lease has to wait for it. Leases that `source` holds before it is subscribed
    /// to, as in `Mono.just(lease)`, stay open if it never is: see [#send(Publisher)].
    Mono<Void> sendLeases(Publisher<Lease> source);

    /// As [#send(Publisher)], as a subscriber: it gets in line when its source has called it.
    Sink<ByteBuffer> sink();

    /// How many sends are pending: the one under way, and those that wait behind it. Also the sends of sinks, and
    /// [#shutdownOutput]. A send counts from the moment at which the loop has taken it up.
    int pendingSends();

    /// From now on a send fails with an overflow error if `count` others are pending, at least 1: 1024 unless this is
    /// called. Those that are pending already stay. A peer that does not read is what lets them pile up.
    void maxPendingSends(int count);

    /// Ends our side, after the sends before it: the peer reads to the end of what was sent, and then the end.
    /// Receiving goes on. See `shutdown(2)`.
    Mono<Void> shutdownOutput();

    // ---- life

    /// Runs `handler` on this connection and closes it by the outcome. If the handler completes, the connection is closed as
    /// by [#close]. If it fails, the connection is aborted as by [#abort], unless it is being closed already, and the
    /// failure is passed on. If this is cancelled, the connection is aborted. Fails also when the handler, or an operator or a
    /// subscriber in its pipeline, throws a fatal error of the JVM on the loop, which operators let through.
    Mono<Void> handle(Function<? super Connection, ? extends Publisher<Void>> handler);

    /// Flushes and closes. The sources of sends are cancelled, what they had emitted is sent, and a send that was cut off
    /// fails with [java.nio.channels.ClosedChannelException]. Then our side is ended, and what the peer still sends is
    /// dropped until it has ended its side: the kernel would reset a connection that is closed with unread input, and
    /// destroy what the peer has not received yet. Completes when the socket is closed. See `shutdown(2)`, `close(2)`.
    ///
    /// This always ends: see [#closeTimeout].
    Mono<Void> close();

    /// Limits how long [#close] waits for the peer; 10 seconds by default.
    ///
    /// If the peer takes none of the bytes that are left to flush for as long as `limit`, the connection is aborted, as by
    /// [#abort]. This may be noticed a quarter of `limit` later. A peer that does not end its side is waited for while it
    /// sends or takes something every two seconds, but no longer than `limit`, and no more than 16 MiB of its input are
    /// dropped. Then the socket is closed.
    ///
    /// Zero or less means not to wait. Applies to each close that begins later. Any thread. Returns this.
    Connection closeTimeout(Duration limit);

    /// Closes at once: what is not sent yet is dropped, and a TCP peer is reset. Idempotent.
    void abort();

    /// Completes when the socket is closed on this side. The end of the peer's side does not close it, and a reset neither:
    /// [#receive] and [#send] tell of them.
    Mono<Void> onClose();

    // ---- options and names

    /// Sets an option of the socket, when subscribed to. Fails as [io.trale.net.NetworkSocket#setOption] does.
    <T> Mono<Void> setOption(SocketOption<T> option, T value);

    /// What an option of the socket is set to. Fails as [io.trale.net.NetworkSocket#getOption] does.
    <T> Mono<T> getOption(SocketOption<T> option);

    /// The address of this side, known also when it is closed.
    SocketAddress localAddress();

    /// The address of the peer, known also when it is gone: of one that has bound no path, the empty path.
    SocketAddress remoteAddress();
}
