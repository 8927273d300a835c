package io.trale.examples;

import io.trale.reactive.Connection;
import io.trale.reactive.Event;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// An echo server, ticks and an event in one process, each with a slow consumer.
///
/// The slow client of the echo server stops its own sender, through the server and two sockets; the eight other clients are
/// not affected. Ticks report the number of missed periods. The event counts the signals of another thread.
@Command(name = "demo",
        description = "An echo server, ticks and an event on one screen, each with a slow consumer.")
final class Demo implements Callable<Integer> {

    private static final int FAST_CLIENTS = 8;
    private static final int MAX_CHUNK_BYTES = 64 << 10;
    private static final int SIGNALS = 1_000_000;
    private static final Duration LENGTH = Duration.ofSeconds(4);
    private static final Duration PERIOD = Duration.ofMillis(1);
    private static final Duration PAUSE = Duration.ofMillis(5);

    @Spec
    private CommandSpec spec;

    /// The totals of one kind of clients.
    private static final class Traffic {
        final AtomicLong sent = new AtomicLong();
        final AtomicLong received = new AtomicLong();
        final AtomicLong elements = new AtomicLong();
        final AtomicLong mismatches = new AtomicLong();
    }

    private final Traffic fast = new Traffic();
    private final Traffic slow = new Traffic();
    private final AtomicLong served = new AtomicLong();
    private final AtomicLong ticks = new AtomicLong();
    private final AtomicLong missed = new AtomicLong();
    private final AtomicLong signals = new AtomicLong();
    private final AtomicLong signalled = new AtomicLong();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        boolean live = System.console() != null && System.console().isTerminal();
        try (Trale server = Trale.start(); Trale clients = Trale.start()) {
            Server echo = server.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    c -> c.send(c.receive().doOnNext(element -> served.incrementAndGet()))).block();
            out.printf("""
                    An echo server on port %d with %d fast clients, and one slow client that pauses %d ms after each element.
                    Ticks every %d ms, and an event that another thread signals %,d times, with consumers that pause likewise.
                    """, echo.port(), FAST_CLIENTS, PAUSE.toMillis(), PERIOD.toMillis(), SIGNALS);

            Disposable progress = Flux.interval(Duration.ofMillis(live ? 100 : 1000)).subscribe(second -> {
                out.print((live ? "\r" : "") + line() + (live ? "" : "\n"));
                out.flush();
            });
            Mono.when(
                    Flux.range(1, FAST_CLIENTS)
                            .flatMap(seed -> client(clients, echo.localAddress(), seed, fast, all -> all)),
                    client(clients, echo.localAddress(), 0, slow, Demo::slowly),
                    slowly(ticks(clients)),
                    clients.event().flatMapMany(event -> slowly(signals(event))))
                    .block();
            progress.dispose();
            out.print((live ? "\r" + line() + "\n" : "") + summary(server));
            out.flush();
        }
        boolean right = fast.mismatches.get() + slow.mismatches.get() == 0 && fast.sent.get() == fast.received.get()
                && slow.sent.get() == slow.received.get() && signalled.get() == SIGNALS;
        if (!right) {
            spec.commandLine().getErr().println(spec.qualifiedName() + ": received data differs from sent data");
        }
        return right ? 0 : 1;
    }

    /// Requests one element at a time, with a pause after each.
    private static <T> Flux<T> slowly(Flux<T> source) {
        return source.concatMap(element -> Mono.delay(PAUSE).thenReturn(element), 0);
    }

    // ---- sockets

    /// Sends the pattern for a fixed time and compares the echoed bytes.
    private static Mono<Void> client(Trale trale, SocketAddress server, long seed, Traffic traffic,
            UnaryOperator<Flux<ByteBuffer>> pace) {
        return trale.connect(server).flatMap(connection -> connection.handle(c -> Mono.when(
                c.send(chunks(seed, traffic)).then(c.shutdownOutput()),
                pace.apply(received(c, traffic)))));
    }

    private static Flux<ByteBuffer> chunks(long seed, Traffic traffic) {
        Pattern pattern = new Pattern(seed);
        long end = System.nanoTime() + LENGTH.toNanos();
        return Flux.<ByteBuffer>generate(sink -> {
            if (System.nanoTime() - end < 0) {
                sink.next(pattern.next(MAX_CHUNK_BYTES));
            } else {
                sink.complete();
            }
        }).doOnNext(chunk -> traffic.sent.addAndGet(chunk.remaining()));
    }

    private static Flux<ByteBuffer> received(Connection connection, Traffic traffic) {
        Pattern expected = new Pattern(0);
        return connection.receive().doOnNext(element -> {
            traffic.mismatches.addAndGet(expected.matches(element) ? 0 : 1);
            traffic.elements.incrementAndGet();
            traffic.received.addAndGet(element.remaining());
        });
    }

    // ---- ticks and the event

    private Flux<?> ticks(Trale trale) {
        return trale.ticks(PERIOD)
                .doOnNext(tick -> {
                    ticks.incrementAndGet();
                    missed.addAndGet(tick.missed());
                })
                .takeUntil(tick -> tick.sequence() >= LENGTH.dividedBy(PERIOD));
    }

    private Flux<?> signals(Event event) {
        Thread.ofPlatform().start(() -> {
            for (int i = 0; i < SIGNALS; i++) {
                event.signal();
            }
        });
        return event.signals()
                .doOnNext(count -> signals.incrementAndGet())
                .takeUntil(count -> signalled.addAndGet(count) == SIGNALS);
    }

    // ---- output

    private String line() {
        return String.format(Locale.ROOT, "echoed %9s in %,7d elements | slow client: %9s, %9s in transit | "
                + "%,d ticks, %,d missed | %,d signals in %,d elements ", bytes(fast.received.get()), fast.elements.get(),
                bytes(slow.received.get()), bytes(slow.sent.get() - slow.received.get()), ticks.get(), missed.get(),
                signalled.get(), signals.get());
    }

    private String summary(Trale server) {
        return String.format(Locale.ROOT, """
                Result:
                  %s were echoed through one thread and one ring, every byte compared. The server made %.2f system calls for
                  each echoed element; all were io_uring_enter.
                  The slow client received %s, a fast client %s. Without demand, its connection had no receive in flight:
                  its data filled the socket buffers, and then its own sender stopped.
                  %,d ticks reported %,d missed periods; no tick was queued.
                  %,d signals arrived in %,d elements; the kernel counted them.
                """, bytes(fast.received.get() + slow.received.get()),
                (double) server.stats().enters() / Math.max(1, served.get()), bytes(slow.received.get()),
                bytes(fast.received.get() / FAST_CLIENTS), ticks.get(), missed.get(), signalled.get(), signals.get());
    }

    private static String bytes(long count) {
        return count < 10L << 20 ? String.format(Locale.ROOT, "%,d KiB", count >> 10)
                : String.format(Locale.ROOT, "%,d MiB", count >> 20);
    }
}
