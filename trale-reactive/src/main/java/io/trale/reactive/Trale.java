package io.trale.reactive;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.linux.Kernel;
import io.trale.net.NetOptions;
import io.trale.reactive.datagram.UdpSocketEndpoint;
import io.trale.reactive.event.EventFdEvent;
import io.trale.reactive.file.FileSubscription;
import io.trale.reactive.file.FileWrite;
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

/// The entry point: one thread and one ring, with factories for all sources, sinks, servers and clients on them.
///
/// ```java
/// try (Trale trale = Trale.start()) {
///     Server server = trale.serve(7000, c -> c.send(c.receive())).block();
///     server.onClose().block();
/// }
/// ```
///
/// All methods may be called from any thread. All signals come on the loop thread. It must not be blocked: Reactor's `block()`
/// throws on it.
///
/// **Terminal signals.** If a source is closed on this side, by itself or by [#close], it completes if it has no end of its
/// own: accepted connections, datagrams, ticks, signals. A source with an end that was not reached fails with
/// [java.nio.channels.ClosedChannelException]: received bytes, a file, and every send. A terminal signal never comes inside
/// `subscribe`, but in a later turn of the loop. If the loop has ended, a new subscription gets its terminal signal on another
/// thread.
///
/// **Retries.** Retry after a pause, as with `Retry.backoff`: a connect that failed with `ECONNREFUSED`, `ETIMEDOUT`,
/// `EHOSTUNREACH`, `ENETUNREACH` or [java.net.UnknownHostException], and every operation that failed with `EMFILE`, `ENFILE` or
/// `ENOMEM`. Retry at once: a receive of datagrams, whose error ends the subscription and not the endpoint. Do not retry
/// `ClosedChannelException`, or an operation of a connection that has failed: it stays failed, but a new connection may
/// succeed. So a client is `connect(..).flatMap(..).retryWhen(Retry.backoff(..).filter(e -> !(e instanceof
/// ClosedChannelException)))`.
///
/// **Fatal errors** of the JVM in user code (`StackOverflowError`, `LinkageError`, `OutOfMemoryError`, ...) end the pipeline
/// and its connection. They are reported once: by [ServeOptions#onConnectionError], by the `Mono` of [Connection#handle], or
/// else by [ExecutorOptions#uncaught]. The loop continues.
public final class Trale implements AutoCloseable {

    private static final AtomicInteger STARTED = new AtomicInteger();

    final Loop loop;

    private Trale(String name, Executor executor) {
        loop = new Loop(name, executor);
    }

    /// Starts a loop with default options. Its thread keeps the JVM alive until [#close], unless a daemon thread called this.
    /// Throws [UncheckedIOException] if io_uring is not available, and [UnsupportedOperationException] if the JVM forbids
    /// native access or the system is not Linux. The message has the reason and the remedy in one line.
    public static Trale start() {
        return start(ExecutorOptions.defaults());
    }

    /// As [#start()], with `options`. Their thread factory is ignored: Reactor must be able to recognize the loop thread.
    public static Trale start(ExecutorOptions options) {
        return start(Kernel.real(), options);
    }

    /// As [#start(ExecutorOptions)], on `kernel`. For tests.
    static Trale start(Kernel kernel, ExecutorOptions options) {
        String name = "trale-" + STARTED.incrementAndGet();
        try {
            return new Trale(name, prepared(Executor.start(name, kernel, options.threadFactory(Loop.LoopThread::new))));
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /// Allocates the receive buffers now, so that a lack of memory fails the start and not a later subscriber.
    private static Executor prepared(Executor executor) {
        try {
            executor.submit(new ReadyFuture<>(() -> executor.reactor().pools().receiveGroup())).join();
            return executor;
        } catch (Exception e) {
            executor.close();
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /// A view of `executor`, which the caller runs. For tests.
    static Trale on(Executor executor) {
        return new Trale(Thread.currentThread().getName(), executor);
    }

    // ---- servers

    /// As [#serve(int, Function, ServeOptions)], with default options.
    public Mono<Server> serve(int port, Function<? super Connection, ? extends Publisher<Void>> handler) {
        return serve(port, handler, ServeOptions.defaults());
    }

    /// Serves TCP on every IPv6 and IPv4 address of this host: see [#serve(SocketAddress, Function, ServeOptions)]. Port 0
    /// means any free port.
    public Mono<Server> serve(int port, Function<? super Connection, ? extends Publisher<Void>> handler,
            ServeOptions options) {
        return serve(onAnyAddress(port, address -> SocketListener.bind(loop, address, options.listenerOptions())), handler, options);
    }

    /// As [#serve(SocketAddress, Function, ServeOptions)], with default options.
    public Mono<Server> serve(SocketAddress address,
            Function<? super Connection, ? extends Publisher<Void>> handler) {
        return serve(address, handler, ServeOptions.defaults());
    }

    /// Listens on `address`, an [InetSocketAddress] or a [UnixDomainSocketAddress], and runs `handler` on each connection as
    /// [Connection#handle] does: if the publisher of the handler completes, the connection is flushed and closed; if it fails,
    /// the connection is aborted. A failed connection is reported by [ServeOptions#onConnectionError] and affects no other.
    /// Fails as [#bind(SocketAddress)] does.
    public Mono<Server> serve(SocketAddress address,
            Function<? super Connection, ? extends Publisher<Void>> handler, ServeOptions options) {
        return serve(SocketListener.bind(loop, address, options.listenerOptions()), handler, options);
    }

    private Mono<Server> serve(Mono<SocketListener> bind, Function<? super Connection, ? extends Publisher<Void>> handler,
            ServeOptions options) {
        Objects.requireNonNull(handler); // fail here, not at each connection
        return bind.map(listener -> new SocketServer(loop, listener, handler, options));
    }

    /// Listens for TCP on every IPv6 and IPv4 address of this host. Port 0 means any free port. Fails as [#bind(SocketAddress)]
    /// does.
    public Mono<Listener> bind(int port) {
        return bind(port, NetOptions.none());
    }

    /// As [#bind(int)], with `options` set before the bind. TCP connections inherit them.
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

    /// Listens on `address`, an [InetSocketAddress] that is resolved or a [UnixDomainSocketAddress]. A path is created, and
    /// removed when the listener is closed. Fails with [ErrnoException] (`EADDRINUSE`, also for the path of a killed process,
    /// `EACCES` and others), see `bind(2)`.
    ///
    /// Creating and removing a path blocks the loop until the file system has answered. Choose a path on a local file system,
    /// such as one in `/run`, where this takes microseconds.
    public Mono<Listener> bind(SocketAddress address) {
        return bind(address, NetOptions.none());
    }

    /// As [#bind(SocketAddress)], with `options` set before the bind. TCP connections inherit them.
    public Mono<Listener> bind(SocketAddress address, NetOptions options) {
        return SocketListener.bind(loop, address, options).cast(Listener.class);
    }

    // ---- clients

    /// Connects to `host`, which is looked up off the loop; tries its addresses in order. Fails with
    /// [java.net.UnknownHostException], or with the error of the last address.
    public Mono<Connection> connect(String host, int port) {
        return connect(host, port, ConnectOptions.defaults());
    }

    /// As [#connect(String, int)], with options.
    public Mono<Connection> connect(String host, int port, ConnectOptions options) {
        return connect(InetSocketAddress.createUnresolved(host, port), options);
    }

    /// Connects to `address`, an [InetSocketAddress] or a [UnixDomainSocketAddress]. An unresolved address is looked up as by
    /// [#connect(String, int)]. The subscriber must close the connection, for example with
    /// `Flux.usingWhen(trale.connect(address), connection -> ..., Connection::close)`. Fails with [ErrnoException]
    /// (`ECONNREFUSED`, `ETIMEDOUT` and others), see `connect(2)`.
    ///
    /// A cancel stops the attempt. A cancel after the connection was emitted aborts the connection if it is not in use yet. So
    /// an operator such as `timeout` leaks no connection that is established while the time runs out.
    public Mono<Connection> connect(SocketAddress address) {
        return connect(address, ConnectOptions.defaults());
    }

    /// As [#connect(SocketAddress)], with options.
    public Mono<Connection> connect(SocketAddress address, ConnectOptions options) {
        return Connector.connect(loop, address, options);
    }

    // ---- datagrams

    /// Opens a UDP socket on every IPv6 and IPv4 address of this host. Port 0 means any free port. Fails as
    /// [#udp(InetSocketAddress)] does.
    public Mono<UdpEndpoint> udp(int port) {
        return udp(port, NetOptions.none());
    }

    /// As [#udp(int)], with `options` set before the bind, such as a large `SO_RCVBUF`.
    public Mono<UdpEndpoint> udp(int port, NetOptions options) {
        return onAnyAddress(port, address -> udp(address, options));
    }

    /// Opens a UDP socket on `address`. The subscriber must close it. Fails with [ErrnoException] (`EADDRINUSE`, `EACCES` and
    /// others), see `bind(2)`.
    public Mono<UdpEndpoint> udp(InetSocketAddress address) {
        return udp(address, NetOptions.none());
    }

    /// As [#udp(InetSocketAddress)], with `options` set before the bind.
    public Mono<UdpEndpoint> udp(InetSocketAddress address, NetOptions options) {
        return UdpSocketEndpoint.bind(loop, address, options);
    }

    // ---- time

    /// As [#ticks(Duration, Duration)], with the first tick after one period.
    public Flux<Tick> ticks(Duration period) {
        return ticks(period, period);
    }

    /// A tick when `first` has passed since the subscription, then one for each `period`, without drift. The clock is the
    /// kernel's monotonic clock, never Reactor's virtual time. Each subscription has a timer: see `timerfd_create(2)`.
    ///
    /// Without demand the kernel counts periods, and the next tick has their number, so ticks never overflow. Completes when
    /// this is closed. Fails with [ErrnoException] if no timer can be created (`EMFILE`, `ENFILE`, `ENOMEM`). Throws
    /// [IllegalArgumentException] if `first` is negative or `period` is not positive.
    public Flux<Tick> ticks(Duration first, Duration period) {
        return TickSubscription.flux(loop, first, period);
    }

    /// The loop as a Reactor scheduler, for `publishOn`, `timeout`, `delay` and the like. Its tasks run on the loop thread, so
    /// a pipeline on the loop stays there, and delays need no other thread. Reactor's `block()` throws in tasks. For periodic
    /// work use [#ticks(Duration)]: `interval` fails without demand.
    ///
    /// Each call creates a small new scheduler. Its `dispose` cancels its own tasks only. [#close] disposes it: delayed tasks
    /// never run, and new tasks are rejected.
    public Scheduler scheduler() {
        return new TraleScheduler(loop);
    }

    // ---- events

    /// Opens an event, which any thread may signal. The subscriber must dispose of it. Fails with [ErrnoException] (`EMFILE`,
    /// `ENFILE`, `ENOMEM`), see `eventfd(2)`.
    public Mono<Event> event() {
        return EventFdEvent.mono(loop);
    }

    // ---- files

    /// As [#read(Path, ReadOptions)], with the whole file.
    public Flux<ByteBuffer> read(Path path) {
        return read(path, ReadOptions.defaults());
    }

    /// The bytes of the file at `path`, in order, in heap buffers of exact size that belong to the subscriber. Each
    /// subscription opens the file, and closes it when it ends. With demand, a few reads are in flight (see
    /// [ReadOptions#depth(int)]); without demand there is none.
    ///
    /// Completes where a read reaches the end of the file. So a file that grows or shrinks meanwhile is read as it is at the
    /// time of each read, and files of the kernel without a size (`/proc`) are read, too. A pipe or other file without a
    /// position is read as data arrives; an open of a named pipe waits for a writer.
    ///
    /// Fails with [ErrnoException], after the elements before the error: `ENOENT`, `EACCES` and others of `open(2)`; `EISDIR`,
    /// `EIO` and others of `read(2)`; `ESPIPE` for an offset in a file without a position. Throws
    /// [java.nio.file.ProviderMismatchException] if `path` is not of the default file system (for example, in a zip file), as
    /// all methods on files do.
    public Flux<ByteBuffer> read(Path path, ReadOptions options) {
        return FileSubscription.flux(loop, path, options);
    }

    /// As [#write(Path, Publisher, WriteOptions)]: creates or truncates the file.
    public Mono<Void> write(Path path, Publisher<? extends ByteBuffer> source) {
        return write(path, source, WriteOptions.defaults());
    }

    /// Opens the file at `path`, writes the elements of `source` to it in order, and closes it; completes when it is closed.
    ///
    /// The source is subscribed to when the file is open. No more is requested from it than fits into a window of 64 KiB; the
    /// kernel's progress makes room for more. Elements are copied and never modified, position and limit included. Do not
    /// change an element until it is written.
    ///
    /// If the source fails, the elements that it emitted are written, and then its failure is signalled. If writing fails
    /// (`ENOSPC`, `EDQUOT`, `EFBIG`, `EIO` and others of `write(2)`), the source is cancelled, and the written bytes stay in
    /// the file. A cancel takes effect at the end of an element; a pipe without a reader delays it. Fails with
    /// [ErrnoException], also of `open(2)` and, with [WriteOptions#sync], of `fsync(2)`.
    public Mono<Void> write(Path path, Publisher<? extends ByteBuffer> source, WriteOptions options) {
        return FileWrite.mono(loop, path, source, options);
    }

    /// As [#sink(Path, WriteOptions)]: creates or truncates the file.
    public Sink<ByteBuffer> sink(Path path) {
        return sink(path, WriteOptions.defaults());
    }

    /// As [#write(Path, Publisher, WriteOptions)], as a subscriber. The file is opened when the source calls `onSubscribe`.
    public Sink<ByteBuffer> sink(Path path, WriteOptions options) {
        FileNames.check(path);
        return new SubscriberSink<>(source -> write(path, source, options));
    }

    // ---- statistics and close

    /// The counters of the loop and its ring, for example the number of operations in flight.
    public Stats stats() {
        return loop.executor.stats();
    }

    /// Closes everything: listeners are closed, connections are aborted, subscriptions get their terminal signals, and the ring
    /// and its thread are released. A connection that has flushed everything and waits only for the peer's end is closed
    /// without a reset. A receive that did not reach the peer's end fails; see [Connection#receive] if its subscriber has no
    /// error consumer. Idempotent.
    ///
    /// On another thread this waits for the end, except in a shutdown hook if the loop thread has called [System#exit]. On the
    /// loop thread, for example in a subscriber, it returns at once: see [#onClose].
    @Override
    public void close() {
        loop.close();
    }

    /// Completes when the ring and its memory are released.
    public Mono<Void> onClose() {
        return loop.onClose();
    }
}
