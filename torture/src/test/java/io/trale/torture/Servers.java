package io.trale.torture;

import io.trale.reactive.Connection;
import io.trale.reactive.Lease;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.torture.Tally.Count;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// The servers of one round. The number of a connection determines its random choices.
final class Servers {

    static final int ORIGIN_BYTES = 4;
    static final int ORDER_BYTES = 8;

    private final Round round;
    private final Trale trale;
    private final Scheduler loop;
    private final SplittableRandom random;
    private final AtomicLong seeds;
    private final List<Server> all = new ArrayList<>();

    /// Echo servers with different implementations.
    private final List<SocketAddress> echoes;
    /// Receives an origin, then the bytes of that stream until its end. Replies with their number.
    final SocketAddress sink;
    /// Receives an origin and a count. Sends that number of bytes.
    final SocketAddress source;
    /// Echoes some bytes, then breaks the connection in a random way.
    final SocketAddress breaking;

    Servers(Round round, SplittableRandom random) {
        this.round = round;
        this.random = random;
        trale = round.server;
        loop = trale.scheduler();
        seeds = new AtomicLong(random.nextLong());
        echoes = List.of(
                serve(c -> c.send(c.receive())),
                serve(c -> c.sendLeases(c.receiveLeases())),
                serve(c -> c.send(c.receiveWith(bytes -> ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE))))),
                serve(c -> c.send(c.receive().publishOn(Schedulers.parallel(), 4))),
                serve(c -> c.send(inPieces(c::receive, next()))),
                serve(c -> c.sendLeases(inPieces(c::receiveLeases, next()))),
                serve(this::oneByOne));
        sink = serve(this::sink);
        source = serve(this::source);
        breaking = serve(this::breaking);
    }

    private SocketAddress serve(Function<Connection, Publisher<Void>> handler) {
        SocketAddress address = random.nextBoolean() ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)
                : UnixDomainSocketAddress.of(round.directory.resolve("socket" + all.size()));
        ServeOptions options = ServeOptions.defaults()
                .maxConnections(random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(20))
                .onConnectionError((connection, failure) -> {
                    if (!Round.isOrdinary(failure)) {
                        round.fail(failure);
                    }
                });
        Server server = trale.serve(address, connection -> {
            round.tally.one(Count.CONNECTIONS);
            return handler.apply(connection);
        }, options).block();
        all.add(server);
        return server.localAddress();
    }

    private SplittableRandom next() {
        return new SplittableRandom(seeds.getAndIncrement());
    }

    SocketAddress anyEcho(SplittableRandom random) {
        return echoes.get(random.nextInt(echoes.size()));
    }

    /// Stops all servers and waits until their last connection is closed.
    void dispose() {
        all.forEach(Server::dispose);
        all.forEach(server -> server.onClose().block());
    }

    // ---- handlers

    /// All elements of `receive`, with consecutive subscriptions.
    private static <T> Flux<T> inPieces(java.util.function.Supplier<Flux<T>> receive, SplittableRandom random) {
        AtomicBoolean ended = new AtomicBoolean();
        return Flux.defer(() -> receive.get().doOnComplete(() -> ended.set(true)).take(1 + random.nextInt(4)))
                .repeat(() -> !ended.get());
    }

    /// An echo that sends every element with a separate `send`.
    private Publisher<Void> oneByOne(Connection connection) {
        return connection.receive().concatMap(element -> connection.send(Mono.just(element))).then();
    }

    private Publisher<Void> sink(Connection connection) {
        ByteBuffer origin = ByteBuffer.allocate(ORIGIN_BYTES);
        Pattern[] pattern = new Pattern[1];
        return Mono.fromFuture(RandomDemand.take(round, loop, next(), true, connection::receive, element -> {
            ByteBuffer rest = element.duplicate();
            while (origin.hasRemaining() && rest.hasRemaining()) {
                origin.put(rest.get());
            }
            if (rest.hasRemaining()) {
                if (pattern[0] == null) {
                    pattern[0] = new Pattern(origin.getInt(0));
                }
                round.tally.add(Count.BYTES, rest.remaining());
                pattern[0].check(rest);
            }
        })).then(Mono.defer(() -> connection.send(Mono.just(
                ByteBuffer.allocate(Long.BYTES).putLong(0, pattern[0] == null ? 0 : pattern[0].position())))));
    }

    private Publisher<Void> source(Connection connection) {
        ByteBuffer order = ByteBuffer.allocate(ORDER_BYTES);
        return connection.receive().doOnNext(order::put).takeUntil(element -> !order.hasRemaining())
                .then(Mono.defer(() -> connection.send(chunks(next(), new Pattern(order.getInt(0)), order.getInt(4)))));
    }

    private Publisher<Void> breaking(Connection connection) {
        SplittableRandom random = next();
        long limit = ConnectionWork.size(random);
        int how = random.nextInt(6);
        AtomicLong count = new AtomicLong();
        Flux<ByteBuffer> some = connection.receive().doOnNext(element -> {
            if (count.addAndGet(element.remaining()) > limit) {
                switch (how) {
                    case 0 -> connection.abort();
                    case 1 -> throw new Round.Deliberate();
                    case 2 -> connection.close().subscribe();
                    default -> { }
                }
            }
        }).takeUntil(element -> count.get() > limit);
        return switch (how) {
            case 3 -> connection.send(some); // sent bytes are flushed; unread bytes reset the connection
            case 4 -> Mono.firstWithSignal(connection.send(some), Mono.delay(Duration.ofNanos(random.nextInt(5_000_000)), loop).then());
            case 5 -> connection.send(some).then(Mono.fromRunnable(connection::abort));
            default -> connection.send(some);
        };
    }

    // ---- shared with clients

    /// The next `total` bytes of `pattern` in chunks of random sizes.
    static Flux<ByteBuffer> chunks(SplittableRandom random, Pattern pattern, long total) {
        int max = ConnectionWork.piece(random, total);
        long end = pattern.position() + total;
        Flux<ByteBuffer> chunks = Flux.generate(sink -> {
            long left = end - pattern.position();
            if (left == 0) {
                sink.complete();
            } else {
                sink.next(pattern.next((int) Math.min(left, 1 + random.nextInt(max))));
            }
        });
        return random.nextInt(3) == 0 ? chunks.subscribeOn(Schedulers.parallel()).publishOn(Schedulers.parallel(), 8) : chunks;
    }

    /// Copies the bytes of `lease` and closes it.
    static ByteBuffer bytesOf(Lease lease) {
        try (lease) {
            return ByteBuffer.wrap(lease.toArray());
        }
    }
}
