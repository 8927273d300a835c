package io.trale.torture;

import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.torture.Tally.Count;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Work with connections. The clients are JDK sockets on their own threads, or connections of a loop.
final class ConnectionWork {

    private ConnectionWork() {}

    /// A random number of bytes: often small, seldom large.
    static int size(SplittableRandom random) {
        return switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2, 3, 4 -> random.nextInt(100);
            case 5, 6, 7 -> random.nextInt(10_000);
            case 8, 9, 10 -> random.nextInt(300_000);
            default -> random.nextInt(3_000_000);
        };
    }

    /// The maximum size of the pieces of `total` bytes, so large that there are not too many pieces.
    static int piece(SplittableRandom random, long total) {
        return (int) Math.max(1 + size(random), total / 1000);
    }

    // ---- with sockets of the JDK

    /// Writes all bytes and half-closes; concurrently reads the echo until end of stream.
    static void echo(Round round, SplittableRandom random) throws Exception {
        int origin = random.nextInt();
        int total = size(random);
        try (SocketChannel socket = SocketChannel.open(round.servers.anyEcho(random))) {
            Future<?> writer = write(round, socket, random.split(), new Pattern(origin), total);
            Pattern expected = new Pattern(origin);
            readToEnd(round, socket, random, expected, total);
            await(writer);
            round.checkTotal(expected.position() == total, "sent " + total + ", received " + expected.position());
        }
    }

    /// As [#echo], but breaks the connection at a random position.
    static void breakingClient(Round round, SplittableRandom random) throws Exception {
        int origin = random.nextInt();
        int total = 1 + size(random);
        int limit = random.nextInt(total);
        SocketChannel socket = SocketChannel.open(round.servers.anyEcho(random));
        Future<?> writer = write(round, socket, random.split(), new Pattern(origin), total);
        try (socket) {
            Pattern expected = new Pattern(origin);
            ByteBuffer buffer = ByteBuffer.allocate(piece(random, total));
            while (expected.position() < limit && socket.read(buffer.clear()) >= 0) {
                check(round, expected, buffer.flip());
            }
            if (random.nextBoolean() && socket.getRemoteAddress() instanceof InetSocketAddress) {
                socket.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        }
        ignoreOrdinary(() -> await(writer));
        round.tally.one(Count.BROKEN);
    }

    /// Uses a server that breaks the connection at a random position. All bytes before are correct, and then the stream
    /// ends.
    static void breakingServer(Round round, SplittableRandom random) throws Exception {
        int origin = random.nextInt();
        int total = size(random);
        SocketChannel socket = SocketChannel.open(round.servers.breaking);
        Future<?> writer = write(round, socket, random.split(), new Pattern(origin), total);
        try (socket) {
            ignoreOrdinary(() -> readToEnd(round, socket, random, new Pattern(origin), total));
        }
        ignoreOrdinary(() -> await(writer));
        round.tally.one(Count.BROKEN);
    }

    /// Writes all bytes and half-closes. The server replies with the number of bytes it has received.
    static void upload(Round round, SplittableRandom random) throws Exception {
        int origin = random.nextInt();
        int total = size(random);
        try (SocketChannel socket = SocketChannel.open(round.servers.sink)) {
            writeAll(socket, ByteBuffer.allocate(Servers.ORIGIN_BYTES).putInt(0, origin));
            await(write(round, socket, random, new Pattern(origin), total));
            ByteBuffer answer = ByteBuffer.allocate(Long.BYTES + 1);
            while (socket.read(answer) >= 0) {}
            round.checkTotal(answer.position() == Long.BYTES, "the reply has " + answer.position() + " bytes");
            round.checkTotal(answer.getLong(0) == total, "sent " + total + ", server received " + answer.getLong(0));
        }
    }

    /// Requests bytes from the server and reads them slowly.
    static void download(Round round, SplittableRandom random) throws Exception {
        int origin = random.nextInt();
        int total = size(random);
        try (SocketChannel socket = SocketChannel.open(round.servers.source)) {
            writeAll(socket, ByteBuffer.allocate(Servers.ORDER_BYTES).putInt(0, origin).putInt(4, total));
            Pattern expected = new Pattern(origin);
            readToEnd(round, socket, random, expected, total);
            round.checkTotal(expected.position() == total, "requested " + total + ", received " + expected.position());
        }
    }

    private static Future<?> write(Round round, SocketChannel socket, SplittableRandom random, Pattern pattern, int total) {
        return round.pool.submit(() -> {
            int max = piece(random, total);
            while (pattern.position() < total) {
                writeAll(socket, pattern.next((int) Math.min(total - pattern.position(), 1 + random.nextInt(max))));
                pause(random);
            }
            socket.shutdownOutput();
            return null;
        });
    }

    private static void writeAll(SocketChannel socket, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }

    private static void readToEnd(Round round, SocketChannel socket, SplittableRandom random, Pattern expected,
            int total) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(piece(random, total));
        while (socket.read(buffer.clear().limit(1 + random.nextInt(buffer.capacity()))) >= 0) {
            check(round, expected, buffer.flip());
            pause(random);
        }
    }

    private static void check(Round round, Pattern expected, ByteBuffer bytes) {
        round.tally.add(Count.BYTES, bytes.remaining());
        expected.check(bytes);
    }

    private static void pause(SplittableRandom random) {
        if (random.nextInt(50) == 0) {
            LockSupport.parkNanos(random.nextLong(2_000_000));
        }
    }

    private interface Act {
        void run() throws Exception;
    }

    private static void await(Future<?> future) throws Exception {
        try {
            future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    private static void ignoreOrdinary(Act act) throws Exception {
        try {
            act.run();
        } catch (Exception e) {
            if (!Round.isOrdinary(e)) {
                throw e;
            }
        }
    }

    // ---- with connections of a loop

    /// As [#echo].
    static void loopEcho(Round round, SplittableRandom random) {
        int origin = random.nextInt();
        int total = size(random);
        Pattern expected = new Pattern(origin);
        round.clients.connect(round.servers.anyEcho(random)).flatMap(connection -> connection.handle(c -> {
            round.tally.one(Count.CONNECTIONS);
            return Mono.when(send(c, random.split(), new Pattern(origin), total), Mono.fromFuture(receive(round, c, random, expected)));
        })).block();
        round.checkTotal(expected.position() == total, "sent " + total + ", received " + expected.position());
    }

    private static Mono<Void> send(Connection connection, SplittableRandom random, Pattern pattern, int total) {
        return connection.send(Servers.chunks(random, pattern, total)).then(connection.shutdownOutput());
    }

    private static CompletableFuture<Void> receive(Round round, Connection connection, SplittableRandom random,
            Pattern expected) {
        Scheduler loop = round.clients.scheduler();
        return switch (random.nextInt(3)) {
            case 0 -> RandomDemand.take(round, loop, random, true, connection::receive, bytes -> check(round, expected, bytes));
            case 1 -> RandomDemand.take(round, loop, random, true, () -> connection.receiveWith(segment -> {
                check(round, expected, segment.asByteBuffer());
                return true;
            }), done -> { });
            default -> RandomDemand.take(round, loop, random, true, connection::receiveLeases,
                    lease -> check(round, expected, Servers.bytesOf(lease)));
        };
    }

    /// As [#loopEcho], but breaks the connection at a random position, in one of several ways.
    static void breakingLoopClient(Round round, SplittableRandom random) throws Exception {
        int origin = random.nextInt();
        int total = 1 + size(random);
        int limit = random.nextInt(total);
        Pattern expected = new Pattern(origin);
        CountDownLatch enough = new CountDownLatch(1);
        Connection connection = round.clients.connect(round.servers.anyEcho(random)).block();
        round.tally.one(Count.CONNECTIONS);
        Flux<ByteBuffer> received = connection.receive().doOnNext(bytes -> {
            check(round, expected, bytes);
            if (expected.position() > limit) {
                enough.countDown();
            }
        });
        boolean handled = random.nextBoolean();
        Mono<Void> work = Mono.when(send(connection, random.split(), new Pattern(origin), total), received)
                .doFinally(signal -> enough.countDown());
        Disposable subscription = (handled ? connection.handle(c -> work) : work).subscribe(done -> { }, failure -> {
            if (!Round.isOrdinary(failure)) {
                round.fail(failure);
            }
        });
        enough.await();
        switch (random.nextInt(3)) {
            case 0 -> subscription.dispose();
            case 1 -> connection.abort();
            default -> { }
        }
        if (random.nextBoolean()) {
            connection.abort();
        } else {
            connection.close().subscribe();
            connection.abort(); // a peer that does not read would delay the close
        }
        connection.onClose().block();
        round.tally.one(Count.BROKEN);
    }

    /// Accepts one connection for each client, with subscribers of random demand.
    static void accept(Round round, SplittableRandom random) throws Exception {
        int count = random.nextInt(20);
        Listener listener = round.clients.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).block();
        AtomicInteger accepted = new AtomicInteger();
        CompletableFuture<Void> end = RandomDemand.take(round, round.clients.scheduler(), random.split(), true, listener::accept,
                connection -> {
                    accepted.incrementAndGet();
                    connection.close().subscribe();
                });
        for (int i = 0; i < count; i++) {
            try (SocketChannel client = SocketChannel.open(listener.localAddress())) {
                client.shutdownOutput();
                round.check(client.read(ByteBuffer.allocate(1)) < 0, "received a byte from a server that sends none");
                round.tally.one(Count.CONNECTIONS);
            }
        }
        listener.dispose();
        await(end);
        round.checkTotal(accepted.get() == count, "connected " + count + ", accepted " + accepted);
    }

    /// Connects, and sometimes cancels the connect at a random time. Some connects go to a port without a listener.
    static void connect(Round round, SplittableRandom random) throws Exception {
        try (SocketChannel reserved = SocketChannel.open()) { // else another listener may get its port
            reserved.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            connect(round, random, reserved.getLocalAddress());
        }
    }

    private static void connect(Round round, SplittableRandom random, SocketAddress unused) throws Exception {
        for (int i = random.nextInt(20); i > 0; i--) {
            SocketAddress address = random.nextInt(4) == 0 ? unused : round.servers.anyEcho(random);
            CountDownLatch over = new CountDownLatch(1);
            Disposable attempt = round.clients.connect(address).doFinally(signal -> over.countDown())
                    .subscribe(Connection::abort, failure -> {
                        if (!Round.isOrdinary(failure)) {
                            round.fail(failure);
                        }
                    });
            if (random.nextBoolean()) {
                LockSupport.parkNanos(random.nextLong(100_000));
                attempt.dispose();
                round.tally.one(Count.CANCELS);
            }
            over.await();
        }
    }
}
