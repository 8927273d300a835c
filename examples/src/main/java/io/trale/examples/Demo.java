package io.trale.examples;

import io.trale.reactive.Connection;
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

/// An echo server and its clients in one process. Eight clients take all they can get; one asks for an element every
/// five milliseconds, and so stops its own sender, through the server and two sockets, without any of the others
/// noticing.
@Command(name = "demo",
        description = "The main job on one screen: an echo server, eight fast clients and a slow one.")
final class Demo implements Callable<Integer> {

    private static final int FAST_CLIENTS = 8;
    private static final int MAX_CHUNK_BYTES = 64 << 10;
    private static final Duration LENGTH = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(5);

    @Spec
    private CommandSpec spec;

    /// What one kind of clients has done so far.
    private static final class Traffic {
        final AtomicLong sent = new AtomicLong();
        final AtomicLong received = new AtomicLong();
        final AtomicLong elements = new AtomicLong();
        final AtomicLong requested = new AtomicLong();
        final AtomicLong mismatches = new AtomicLong();

        /// Asked for, and not there yet.
        long demand() {
            return Math.max(0, requested.get() - elements.get());
        }
    }

    private final Traffic fast = new Traffic();
    private final Traffic slow = new Traffic();
    private final AtomicLong served = new AtomicLong();
    private long maxHeap;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        boolean live = System.console() != null && System.console().isTerminal();
        long start = System.nanoTime();
        try (Trale server = Trale.start(); Trale clients = Trale.start()) {
            Server echo = server.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    c -> c.send(c.receive().doOnNext(e -> served.incrementAndGet()))).block();
            SocketAddress address = echo.localAddress();
            out.printf("an echo server on %s, %d clients as fast as they can, one with a pause of %d ms after each element%n",
                    address, FAST_CLIENTS, PAUSE.toMillis());

            Disposable progress = Flux.interval(Duration.ofMillis(live ? 100 : 1000))
                    .subscribe(tick -> out.print((live ? "\r" : "") + line(server, start) + (live ? "" : "\n")
                            + flushed(out)));
            Mono.when(
                    Flux.range(1, FAST_CLIENTS)
                            .flatMap(seed -> client(clients, address, seed, fast, received -> received)),
                    client(clients, address, 0, slow, received -> received
                            .concatMap(element -> Mono.delay(PAUSE).thenReturn(element), 1)))
                    .block(Duration.ofSeconds(20));
            progress.dispose();
            out.print((live ? "\r" : "") + line(server, start) + "\n\n");
            summary(out, server, start);
        }
        boolean right = fast.mismatches.get() + slow.mismatches.get() == 0
                && fast.sent.get() == fast.received.get() && slow.sent.get() == slow.received.get();
        if (!right) {
            spec.commandLine().getErr().println("trale demo: bytes did not match");
        }
        return right ? 0 : 1;
    }

    /// Sends the pattern for a while, and compares what comes back.
    private static Mono<Void> client(Trale trale, SocketAddress server, long seed, Traffic traffic,
            UnaryOperator<Flux<ByteBuffer>> pace) {
        return trale.connect(server).flatMap(connection -> connection.handle(c -> Mono.when(
                c.send(chunks(seed, traffic)).then(c.shutdownOutput()),
                pace.apply(receive(c, traffic)).then())));
    }

    private static Flux<ByteBuffer> chunks(long seed, Traffic traffic) {
        Pattern pattern = new Pattern(seed);
        long end = System.nanoTime() + LENGTH.toNanos();
        return Flux.generate(sink -> {
            if (System.nanoTime() - end > 0) {
                sink.complete();
            } else {
                ByteBuffer chunk = pattern.next(MAX_CHUNK_BYTES);
                traffic.sent.addAndGet(chunk.remaining());
                sink.next(chunk);
            }
        });
    }

    private static Flux<ByteBuffer> receive(Connection connection, Traffic traffic) {
        Pattern expected = new Pattern(0);
        return connection.receive()
                .doOnRequest(n -> traffic.requested.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b))
                .doOnNext(element -> {
                    if (!expected.matches(element)) {
                        traffic.mismatches.incrementAndGet();
                    }
                    traffic.elements.incrementAndGet();
                    traffic.received.addAndGet(element.remaining());
                });
    }

    // ---- what a person sees

    private String line(Trale server, long start) {
        Runtime runtime = Runtime.getRuntime();
        maxHeap = Math.max(maxHeap, runtime.totalMemory() - runtime.freeMemory());
        return String.format(Locale.ROOT,
                "%4.1f s  echoed %9s in %,7d elements, %.2f io_uring_enter each | slow: %5s in %,4d, demand %d, %s on the way ",
                (System.nanoTime() - start) / 1e9, bytes(fast.received.get()), fast.elements.get(), entersPerElement(server),
                bytes(slow.received.get()), slow.elements.get(), slow.demand(),
                bytes(slow.sent.get() - slow.received.get()));
    }

    private double entersPerElement(Trale server) {
        return (double) server.stats().enters() / Math.max(1, served.get());
    }

    private void summary(PrintWriter out, Trale server, long start) {
        out.printf(Locale.ROOT, """
                What you saw, in %.1f seconds:
                  %s came back through one thread and one ring, every byte compared.
                  The server made %.2f system calls for each element that it received and sent: all were io_uring_enter.
                  The slow client asked for one element at a time. While it asked for none, nothing of its connection was
                  in flight anywhere: %s waited in the buffers of sockets, until its own sender stood still.
                  It got %s where a fast client got %s. The others did not notice.
                  No buffer was released by hand; the heap held %s at most.
                """, (System.nanoTime() - start) / 1e9, bytes(fast.received.get() + slow.received.get()),
                entersPerElement(server), "what it had sent", bytes(slow.received.get()),
                bytes(fast.received.get() / FAST_CLIENTS), bytes(maxHeap));
        out.flush();
    }

    private static String flushed(PrintWriter out) {
        out.flush();
        return "";
    }

    private static String bytes(long count) {
        return count < 10L << 20 ? String.format(Locale.ROOT, "%,d KiB", count >> 10)
                : count < 10L << 30 ? String.format(Locale.ROOT, "%,d MiB", count >> 20)
                : String.format(Locale.ROOT, "%.1f GiB", count / (double) (1L << 30));
    }
}
