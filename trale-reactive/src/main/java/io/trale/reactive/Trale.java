package io.trale.reactive;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.linux.Kernel;
import io.trale.net.NetOptions;
import io.trale.reactive.datagram.UdpSocketEndpoint;
import io.trale.reactive.event.EventFdEvent;
import io.trale.reactive.file.FileSubscription;
import io.trale.reactive.file.WriteMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.ReadyFuture;
import io.trale.reactive.scheduler.TraleScheduler;
import io.trale.reactive.send.SubscriberSink;
import io.trale.reactive.stream.Connector;
import io.trale.reactive.stream.SocketListener;
import io.trale.reactive.stream.SocketServer;
import io.trale.reactive.time.TickSubscription;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.Stats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// One thread, one ring, and all that is reactive on it: the place to start.
///
/// ```java
/// try (Trale trale = Trale.start()) {
///     Server server = trale.serve(7000, c -> c.send(c.receive())).block();
///     server.onClose().block();
/// }
/// ```
///
/// All signals come on that thread, which must not be blocked: Reactor's `block()` throws on it. Every method here may be
/// called from any thread.
///
/// **Ends.** A source that is closed on this side, itself or by [#close], completes if it has no end of its own: connections
/// accepted, datagrams, ticks, signals. One that has an end and did not reach it fails with
/// [java.nio.channels.ClosedChannelException]: bytes received, a file, and every send. No end is signalled inside
/// `subscribe`,
/// but in a later turn of the loop; a subscription that is made when the loop has ended gets its end on another thread.
///
/// **Retries.** Worth a retry, after a pause as by `Retry.backoff`: a connect that failed with `ECONNREFUSED`, `ETIMEDOUT`,
/// `EHOSTUNREACH`, `ENETUNREACH` or [java.net.UnknownHostException]; whatever failed with `EMFILE`, `ENFILE` or
/// `ENOMEM`. Worth
/// a retry at once: datagrams, whose error ends a subscription and not the endpoint. Never worth one: `ClosedChannelException`,
/// and whatever a connection has failed with, which it stays; a new connection may do better. So a client is
/// `connect(..).flatMap(..).retryWhen(Retry.backoff(..).filter(e -> !(e instanceof ClosedChannelException)))`.
///
/// **Fatal errors** of the JVM that user code throws (`StackOverflowError`, `LinkageError`, `OutOfMemoryError`, ...) end their
/// pipeline and its connection and are reported once: by [ServeOptions#onConnectionError], by the `Mono` of
/// [Connection#handle], or, where there is none of them, as [ExecutorOptions#uncaught] says. The loop goes on.
public final class Trale implements AutoCloseable {

    private static final AtomicInteger STARTED = new AtomicInteger();

    final Loop loop;

    private Trale(String name, Executor executor) {
        loop = new Loop(name, executor);
    }

    /// Starts with default options. Its thread keeps the JVM alive until [#close], unless a daemon thread has started it.
    /// Throws [UncheckedIOException] if there is no io_uring to be had, and [UnsupportedOperationException] if the JVM
    /// forbids
    /// native access or this is not Linux; each says in one line why and what to do.
    public static Trale start() {
        return start(ExecutorOptions.defaults());
    }

    /// As [#start()], with options; their thread factory is not used, since Reactor has to know the thread.
    public static Trale start(ExecutorOptions options) {
        return start(Kernel.real(), options);
    }

    /// As [#start(ExecutorOptions)], on another kernel than the real one. For tests.
    static Trale start(Kernel kernel, ExecutorOptions options) {
        String name = "trale-" + STARTED.incrementAndGet();
        try {
            return new Trale(name, prepared(Executor.start(name, kernel, options.threadFactory(Loop.LoopThread::new))));
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /// Gets the receive buffers now: where there is no memory for them, nobody could tell the first who receives.
    private static Executor prepared(Executor executor) {
        try {
            executor.submit(new ReadyFuture<>(() -> executor.reactor().pools().receiveGroup())).join();
            return executor;
        } catch (Exception e) {
            executor.close();
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /// On `executor`, whoever runs it. For tests.
    static Trale on(Executor executor) {
        return new Trale(Thread.currentThread().getName(), executor);
    }

    // ---- servers

    /// As [#serve(int, Function, ServeOptions)], with default options.
    public Mono<Server> serve(int port, Function<? super Connection, ? extends Publisher<Void>> handler) {
        return serve(port, handler, ServeOptions.defaults());
    }

    /// Serves TCP on every address of this host, IPv6 and IPv4, `port` 0 meaning any free one: see
    /// [#serve(SocketAddress, Function, ServeOptions)].
    public Mono<Server> serve(int port, Function<? super Connection, ? extends Publisher<Void>> handler,
            ServeOptions options) {
        return serve(bind(port, options.listenerOptions()), handler, options);
    }

    /// As [#serve(SocketAddress, Function, ServeOptions)], with default options.
    public Mono<Server> serve(SocketAddress address,
            Function<? super Connection, ? extends Publisher<Void>> handler) {
        return serve(address, handler, ServeOptions.defaults());
    }

    /// Listens on `address`, an [InetSocketAddress] or a [UnixDomainSocketAddress], and runs `handler` on every connection,
    /// as [Connection#handle] does: when what it returns completes, the connection is flushed and closed, when it fails,
    /// aborted. The failure of one connection is reported as the options say, and stops nothing else. Fails with
    /// [ErrnoException] if the address cannot be had.
    public Mono<Server> serve(SocketAddress address,
            Function<? super Connection, ? extends Publisher<Void>> handler, ServeOptions options) {
        return serve(bind(address, options.listenerOptions()), handler, options);
    }

    private Mono<Server> serve(Mono<Listener> bind, Function<? super Connection, ? extends Publisher<Void>> handler,
            ServeOptions options) {
        Objects.requireNonNull(handler); // or every connection would fail, and not this
        return bind.map(listener -> new SocketServer(loop, listener, handler, options));
    }

    /// Listens on every address of this host, IPv6 and IPv4, `port` 0 meaning any free one.
    public Mono<Listener> bind(int port) {
        return bind(port, NetOptions.none());
    }

    /// As [#bind(int)], with `options` set before; TCP connections inherit them.
    public Mono<Listener> bind(int port, NetOptions options) {
        return onAnyAddress(port, address -> bind(address, options));
    }

    private static <T> Mono<T> onAnyAddress(int port, Function<InetSocketAddress, Mono<T>> bind) {
        return bind.apply(new InetSocketAddress(anyAddress(), port))
                .onErrorResume(Trale::hasNoIpv6, noIpv6 -> bind.apply(new InetSocketAddress("0.0.0.0", port)));
    }

    private static boolean hasNoIpv6(Throwable failure) {
        return failure instanceof ErrnoException e && e.errno() == Errno.EAFNOSUPPORT;
    }

    private static InetAddress anyAddress() {
        try {
            return InetAddress.getByAddress(new byte[16]);
        } catch (IOException e) {
            throw new AssertionError("an address of 16 bytes", e);
        }
    }

    /// Listens on `address`, an [InetSocketAddress] whose host is resolved or a [UnixDomainSocketAddress], whose path is
    /// made,
    /// and removed when the listener is closed. Fails with [ErrnoException] (`EADDRINUSE`, also for a path that a killed
    /// process has left, `EACCES`, ...), see `bind(2)`.
    public Mono<Listener> bind(SocketAddress address) {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(SocketAddress)], with `options` set before; TCP connections inherit them.
    public Mono<Listener> bind(SocketAddress address, NetOptions options) {
        return SocketListener.bind(loop, address, options);
    }

    // ---- clients

    /// Connects to `host`, looked up off the loop, trying its addresses in turn. Fails with
    /// [java.net.UnknownHostException], or as the last address failed.
    public Mono<Connection> connect(String host, int port) {
        return connect(InetSocketAddress.createUnresolved(host, port));
    }

    /// Connects to `address`, an [InetSocketAddress], looked up as by [#connect(String, int)] if it is not resolved, or a
    /// [UnixDomainSocketAddress]. Fails with [ErrnoException] (`ECONNREFUSED`, `ETIMEDOUT`, ...), see `connect(2)`. The
    /// subscriber closes the connection, as with
    /// `Flux.usingWhen(trale.connect(address), connection -> ..., Connection::close)`.
    ///
    /// A cancel stops the attempt. If it comes after the connection, it aborts that unless somebody has begun to use it: so an
    /// operator such as `timeout` loses none that comes at the moment at which it gives up.
    public Mono<Connection> connect(SocketAddress address) {
        return connect(address, NetOptions.none());
    }

    /// As [#connect(SocketAddress)], with `options` set before.
    public Mono<Connection> connect(SocketAddress address, NetOptions options) {
        return Connector.connect(loop, address, options);
    }

    // ---- datagrams

    /// A UDP socket on every address of this host, IPv6 and IPv4, `port` 0 meaning any free one.
    public Mono<UdpEndpoint> udp(int port) {
        return udp(port, NetOptions.none());
    }

    /// As [#udp(int)], with `options` set before it is bound, such as a large `SO_RCVBUF`.
    public Mono<UdpEndpoint> udp(int port, NetOptions options) {
        return onAnyAddress(port, address -> udp(address, options));
    }

    /// A UDP socket on `address`. Fails with [ErrnoException] (`EADDRINUSE`, `EACCES`, ...), see `bind(2)`. Whoever receives
    /// it has to close it.
    public Mono<UdpEndpoint> udp(InetSocketAddress address) {
        return udp(address, NetOptions.none());
    }

    /// As [#udp(InetSocketAddress)], with `options` set before it is bound.
    public Mono<UdpEndpoint> udp(InetSocketAddress address, NetOptions options) {
        return UdpSocketEndpoint.bind(loop, address, options);
    }

    // ---- time

    /// As [#ticks(Duration, Duration)], the first when one period has passed.
    public Flux<Tick> ticks(Duration period) {
        return ticks(period, period);
    }

    /// A tick when `first` has passed since the subscription, and then one for every `period`, which does not drift. The
    /// time is the kernel's monotonic clock, never Reactor's virtual one. Each subscription has a timer of its own: see
    /// `timerfd_create(2)`.
    ///
    /// Never too fast for its subscriber: while there is no demand the kernel counts, and the next tick tells how many
    /// periods have passed. Completes when this is closed. Fails with [ErrnoException] if there is no timer to be had
    /// (`EMFILE`,
    /// `ENOMEM`). `first` must not be negative, and `period` must be positive.
    public Flux<Tick> ticks(Duration first, Duration period) {
        return TickSubscription.flux(loop, first, period);
    }

    /// The loop as a Reactor scheduler, for `publishOn`, `timeout`, `delay` and the like: its tasks run on the loop's
    /// thread, so what is on the loop stays there, and their delays take no thread of their own. Reactor's `block()`
    /// throws in them. For something periodic [#ticks(Duration)] is better than `interval`, which fails without demand.
    ///
    /// Each call makes a new one, which costs a small object. To dispose it cancels its own tasks and nothing else; to
    /// close this disposes it: then tasks that wait for their time never run, and new ones are rejected.
    public Scheduler scheduler() {
        return new TraleScheduler(loop);
    }

    // ---- events

    /// Opens an event, which any thread may signal. Whoever receives it has to dispose of it. Fails with [ErrnoException] if
    /// there is none to be had (`EMFILE`, `ENOMEM`).
    public Mono<Event> event() {
        return EventFdEvent.mono(loop);
    }

    // ---- files

    /// As [#read(Path, ReadOptions)]: all of the file.
    public Flux<ByteBuffer> read(Path path) {
        return read(path, ReadOptions.defaults());
    }

    /// The bytes of the file at `path`, in order, in heap buffers of exact size, which belong to the subscriber. Each
    /// subscription opens the file for itself, and closes it at its end, whatever that is. While there is no demand nothing
    /// is in flight; with demand as many reads as it asks for, up to a few.
    ///
    /// Completes where a read finds the end, so files that grow or shrink meanwhile are read as they are when it is their
    /// turn, and files of the kernel's that have no size are read, too. What has no position, such as a pipe, is read as it
    /// comes, and an open of a named pipe waits for a writer. Fails with [ErrnoException]: `ENOENT`, `EACCES` and
    /// more
    /// of `open(2)`, `EISDIR`, `EIO` and more of `read(2)`, after the elements before it; `ESPIPE` for an offset into what has
    /// no position. Throws [java.nio.file.ProviderMismatchException] for a path of another file system than the default one,
    /// such as a zip file, as all methods on files do.
    public Flux<ByteBuffer> read(Path path, ReadOptions options) {
        return FileSubscription.flux(loop, path, options);
    }

    /// As [#write(Path, Publisher, WriteOptions)]: the file is created, or emptied.
    public Mono<Void> write(Path path, Publisher<? extends ByteBuffer> source) {
        return write(path, source, WriteOptions.defaults());
    }

    /// Opens the file at `path`, writes the elements of `source` to it, in order, and closes it; completes when it is
    /// closed.
    ///
    /// The source is subscribed to when the file is open. No more is asked of it than a window of 64 KiB takes; the
    /// kernel's progress asks for more. Elements are copied, never changed (position and limit included), and must stay as
    /// they are until then.
    ///
    /// If the source fails, what it had emitted is written, and then the failure is signalled. If writing fails (`ENOSPC`,
    /// `EDQUOT`, `EFBIG`, `EIO` and more of `write(2)`), the source is cancelled, and what was written so far stays. A cancel
    /// stops at the end of an element; a pipe without a reader delays that. Fails with [ErrnoException], also of
    /// `open(2)`
    /// and, with [WriteOptions#sync], of `fsync(2)`.
    public Mono<Void> write(Path path, Publisher<? extends ByteBuffer> source, WriteOptions options) {
        return new WriteMono(loop, path, source, options).assembled();
    }

    /// As [#sink(Path, WriteOptions)]: the file is created, or emptied.
    public Sink<ByteBuffer> sink(Path path) {
        return sink(path, WriteOptions.defaults());
    }

    /// As [#write(Path, Publisher, WriteOptions)], as a subscriber: the file is opened when its source has called it.
    public Sink<ByteBuffer> sink(Path path, WriteOptions options) {
        FileNames.check(path);
        return new SubscriberSink<>(source -> write(path, source, options));
    }

    // ---- the whole

    /// What the ring has done so far.
    public Stats stats() {
        return loop.executor.stats();
    }

    /// Ends everything: listeners are closed, connections aborted, subscriptions told so, the ring and its thread freed. A
    /// connection that has flushed everything and only waits for the peer's end is closed without a reset.
    /// Idempotent. From another thread this waits for the end, but not in a shutdown hook if the loop thread has called
    /// [System#exit]; from the loop, as in a subscriber, it returns at once: see [#onClose].
    @Override
    public void close() {
        loop.close();
    }

    /// Completes when all is freed.
    public Mono<Void> onClose() {
        return loop.onClose();
    }
}
