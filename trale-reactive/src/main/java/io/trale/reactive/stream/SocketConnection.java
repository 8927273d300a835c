package io.trale.reactive.stream;

import io.trale.future.ErrnoException;
import io.trale.leaf.Sockets;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Connection;
import io.trale.reactive.Lease;
import io.trale.reactive.ReadIdleException;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Sink;
import io.trale.reactive.TlsOptions;
import io.trale.reactive.TlsSession;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.ReadyFuture;
import io.trale.reactive.send.SendSubscriber;
import io.trale.reactive.send.SubscriberSink;
import io.trale.reactor.Deadlines;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// A [Connection] on a socket: its receiver, its sender, and its close.
final class SocketConnection implements Connection {

    final Loop loop;
    final Descriptor descriptor;
    final Receiver receiver;
    final ConnectionSender sender;
    final OrderlyClose closing;
    private volatile long closeTimeoutNanos = Deadlines.nanos(ServeOptions.defaults().closeTimeout());
    private final SocketAddress localAddress;
    private final SocketAddress remoteAddress;
    private final Sinks.Empty<Void> closed = Sinks.empty();
    /// Fails if user code throws a fatal error out of a signal: see [#broken].
    private final Sinks.Empty<Void> broken = Sinks.empty();
    /// Why our side could not be ended. For the loop alone.
    private @Nullable IOException shutdownFailure;
    /// Null until [#startTls]. Written by the loop.
    private volatile @Nullable Tls tls;
    /// This side has connected, not accepted.
    private final boolean client;
    /// Our side was ended, so a later send fails whatever the peer does. For the loop alone.
    private boolean outputShutDown;

    SocketConnection(Loop loop, Descriptor descriptor, SocketAddress localAddress, SocketAddress remoteAddress,
            boolean client) {
        this.loop = loop;
        this.client = client;
        this.descriptor = descriptor;
        this.localAddress = localAddress;
        this.remoteAddress = remoteAddress;
        receiver = new Receiver(this);
        sender = new ConnectionSender(this);
        closing = new OrderlyClose(this);
        descriptor.whenClosed(() -> {
            closing.ended();
            receiver.readIdle.end();
            receiver.place.wake();
            closed.tryEmitEmpty();
        });
    }

    /// Makes a connection of a connected socket. Loop thread.
    static SocketConnection open(Loop loop, Descriptor socket, SocketAddress remoteAddress, boolean client) {
        SocketConnection connection = new SocketConnection(loop, socket, localAddress(socket), remoteAddress, client);
        loop.opened(socket, connection::end);
        return connection;
    }

    /// Read on the loop thread, while the socket is open.
    private static SocketAddress localAddress(Descriptor socket) {
        try {
            return Sockets.localAddress(socket);
        } catch (ErrnoException e) { // no memory: an open socket has an address
            return new InetSocketAddress(0);
        }
    }

    // ---- data

    @Override
    public Flux<ByteBuffer> receive() {
        return receiver.copies();
    }

    @Override
    public <R> Flux<R> receiveWith(Function<? super MemorySegment, ? extends R> reader) {
        ReceiveMode<R> mode = ReceiveMode.inPlace(Objects.requireNonNull(reader));
        return receiver.flux("traleReceiveWith", () -> mode);
    }

    @Override
    public Flux<Lease> receiveLeases() {
        return receiver.<Lease>flux("traleReceiveLeases", receiver::leases);
    }

    @Override
    public SocketConnection readIdle(Duration limit) {
        receiver.readIdle.limit(limit);
        return this;
    }

    @Override
    public Mono<Void> send(Publisher<? extends ByteBuffer> source) {
        return SendSubscriber.mono("sink(traleSend)", sender, source, null, null);
    }

    @Override
    public Mono<Void> send(Publisher<? extends ByteBuffer> source, Consumer<? super ByteBuffer> whenTaken) {
        return SendSubscriber.mono("sink(traleSend)", sender, source, Objects.requireNonNull(whenTaken), null);
    }

    @Override
    public Mono<Void> sendLeases(Publisher<Lease> source) {
        return SendSubscriber.mono("sink(traleSendLeases)", sender, source, null, null).doOnDiscard(Lease.class, Lease::close);
    }

    @Override
    public Sink<ByteBuffer> sink() {
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
    public Mono<Void> shutdownOutput() {
        return send(Mono.empty()).then(Mono.defer(this::endRecords)).then(Mono.defer(() -> {
            int result = loop.reactor.kernel().shutdown(descriptor.fd(), Net.SHUT_WR);
            outputShutDown |= result >= 0;
            if (result >= 0) {
                return Mono.empty();
            }
            IOException failure = Failure.of("shutdown", descriptor.fd(), remoteAddress, -result);
            shutdownFailure = failure;
            return Mono.error(failure);
        }));
    }

    private Mono<Void> endRecords() {
        boolean sent = sender.endRecords();
        return sent ? send(Mono.empty()) : Mono.empty();
    }

    // ---- TLS

    @Override
    public Mono<Void> startTls(TlsOptions options) {
        Objects.requireNonNull(options);
        return onLoop(() -> {
            if (tls != null || sender.pending() > 0 || receiver.place.isTaken()) {
                throw new IllegalStateException(describe("startTls") + (tls != null ? ": TLS was started before"
                        : ": the connection has " + (sender.pending() > 0 ? "a send that is pending" : "a subscriber of receive()")));
            }
            Tls started = new Tls(this, client ? options.clientEngine(remoteAddress) : options.serverEngine(), options);
            tls = started;
            return started;
        }).flatMap(Tls::handshake);
    }

    @Override
    public Optional<TlsSession> tls() {
        Tls tls = this.tls;
        return tls == null ? Optional.empty() : Optional.of(tls.session());
    }

    /// Which [#startTls] has made.
    Tls tlsStarted() {
        return Objects.requireNonNull(tls, "not started");
    }

    // ---- life

    @Override
    public Mono<Void> handle(Function<? super Connection, ? extends Publisher<Void>> handler) {
        Objects.requireNonNull(handler);
        return Mono.usingWhen(Mono.just(this),
                self -> guarded(Objects.requireNonNull(handler.apply(self), "the handler returned null")),
                SocketConnection::close, SocketConnection::handlerFailed, SocketConnection::aborted);
    }

    /// A handler also fails if [#close] has cut off its send. That must not abort what is being flushed.
    private Mono<Void> handlerFailed(Throwable failure) {
        return onClose().doOnSubscribe(s -> loop.run(() -> {
            if (failure instanceof ReadIdleException && isOwn(failure)) {
                closing.begin();
            } else {
                abortUnlessClosing();
            }
        }));
    }

    /// As [#abort], but what is being flushed is left to [#close].
    void abortUnlessClosing() {
        loop.run(() -> {
            if (!closing.hasBegun()) {
                abort();
            }
        });
    }

    /// As `pipeline`, but fails also if that throws when it is subscribed to, and when this is [#broken].
    private Mono<Void> guarded(Publisher<Void> pipeline) {
        Publisher<Void> caught = subscriber -> {
            try {
                pipeline.subscribe(subscriber);
            } catch (Throwable t) {
                broken(t);
            }
        };
        return Flux.from(caught).takeUntilOther(broken.asMono()).then();
    }

    /// True while [#handle] waits for the end of its pipeline.
    boolean isHandled() {
        return broken.currentSubscriberCount() > 0;
    }

    /// User code threw `fatal` out of a signal, so its pipeline may never end by itself. Fails [#handle], and aborts. Without a
    /// `handle`, the executor reports the error. Any thread.
    void broken(Throwable fatal) {
        boolean handled = isHandled();
        if (broken.tryEmitError(fatal).isSuccess() && !handled) {
            loop.uncaught(fatal);
        }
        abort();
    }

    @Override
    public Mono<Void> close() {
        return onClose().doOnSubscribe(s -> loop.run(closing::begin));
    }

    @Override
    public SocketConnection closeTimeout(Duration limit) {
        closeTimeoutNanos = Deadlines.nanos(limit);
        return this;
    }

    long closeTimeoutNanos() {
        return closeTimeoutNanos;
    }

    @Override
    public void abort() {
        loop.run(() -> {
            if (descriptor.isOpen()) {
                Sockets.resetOnClose(descriptor);
                sender.abort();
            }
        });
    }

    /// Closes at once, because the server or the loop ends: as [#abort], but without a reset if only the peer's end is missing.
    /// The kernel still delivers what was flushed.
    void end() {
        loop.run(() -> {
            if (closing.isDraining()) {
                descriptor.close();
            } else {
                abort();
            }
        });
    }

    /// Aborts if there was no subscription to a receive, a send, [#handle], or [#onClose]; during a handshake in any case.
    void abortIfUntouched() {
        loop.run(() -> {
            Tls tls = this.tls;
            if (tls != null && !tls.isDone() || receiver.place.isUntouched() && sender.isUntouched() && !isHandled()
                    && closed.currentSubscriberCount() == 0) {
                abort();
            }
        });
    }

    private Mono<Void> aborted() {
        return onClose().doOnSubscribe(s -> abort());
    }

    @Override
    public Mono<Void> onClose() {
        return closed.asMono();
    }

    /// False once nothing more is received for a subscriber.
    boolean isOpen() {
        return loop.isOpen(descriptor) && !closing.isDraining();
    }

    // ---- options and names

    @Override
    public <T> Mono<Void> setOption(SocketOption<T> option, T value) {
        return onLoop(() -> {
            Sockets.setOption(descriptor, option, value);
            return this;
        }).then();
    }

    @Override
    public <T> Mono<T> getOption(SocketOption<T> option) {
        return onLoop(() -> Sockets.option(descriptor, option));
    }

    private <T> Mono<T> onLoop(Callable<T> call) {
        return new FutureMono<T>(loop, () -> new ReadyFuture<>(call), unwanted -> { }).assembled();
    }

    @Override
    public SocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remoteAddress;
    }

    /// True if the peer may still send although a send failed with `EPIPE`.
    boolean isOutputShutDown() {
        return outputShutDown;
    }

    /// True if `failure` is this connection's own, not that of another resource that its handler uses. Loop thread.
    boolean isOwn(Throwable failure) {
        return failure == sender.failure() || receiver.hasFailedWith(failure) || failure == shutdownFailure
                || failure instanceof ConnectionClosedException closed && closed.isOf(descriptor);
    }

    ConnectionClosedException closedException(String operation) {
        return new ConnectionClosedException(descriptor, describe(operation) + ": the connection was closed on this side by "
                + closedBy() + "; handle this error, or cancel before");
    }

    /// `operation` on this connection, for messages.
    String describe(String operation) {
        return operation + "(fd=" + descriptor.fd() + ", " + SocketAddresses.format(remoteAddress) + ")";
    }

    private String closedBy() {
        return loop.isClosed() || loop.isClosing() ? "Trale.close()"
                : closing.hasBegun() ? "Connection.close()" : "Connection.abort()";
    }

    @Override
    public String toString() {
        return describe("Connection");
    }
}
