package io.trale.torture;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.timeout;
import static io.trale.task.Async.yieldNow;

import io.trale.reactive.Event;
import io.trale.reactive.ReadOptions;
import io.trale.reactive.UdpEndpoint;
import io.trale.sync.Mutex;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.time.Timer;
import io.trale.torture.Tally.Count;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Work without connections.
final class LocalWork {

    private LocalWork() {}

    // ---- datagrams

    /// Sends datagrams to an echo endpoint, at most eight at a time. They fit into its receive buffer, so none may be lost.
    static void datagrams(Round round, SplittableRandom random) throws Exception {
        UdpEndpoint echo = round.server.udp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).block();
        Mono<Void> echoing = echo.send(echo.receive().map(datagram -> datagram.reply(datagram.data())));
        CompletableFuture<Void> end = echoing.onErrorComplete(Round::isOrdinary).toFuture();
        try (DatagramChannel client = DatagramChannel.open().connect(echo.localAddress())) {
            end.thenRun(() -> close(client)); // otherwise it would wait for ever if the loop is closed
            Pattern sent = new Pattern(random.nextInt());
            ByteBuffer buffer = ByteBuffer.allocate(1000);
            for (int rest = random.nextInt(200); rest > 0; rest -= 8) {
                List<ByteBuffer> window = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    ByteBuffer datagram = sent.next(1 + random.nextInt(900));
                    window.add(datagram);
                    client.write(datagram.duplicate());
                }
                for (ByteBuffer expected : window) {
                    client.read(buffer.clear());
                    round.check(buffer.flip().equals(expected), "received a datagram that differs from the sent one");
                    round.tally.one(Count.DATAGRAMS);
                }
            }
        }
        if (random.nextBoolean()) {
            echo.dispose();
        } else {
            echo.close().block();
        }
        end.join();
    }

    private static void close(DatagramChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- time and events

    /// Checks that no tick is early, and that each period is counted once.
    static void ticks(Round round, SplittableRandom random) {
        Duration period = Duration.ofNanos(20_000 + random.nextInt(1_000_000));
        int count = 1 + random.nextInt(100);
        long begin = System.nanoTime();
        AtomicLong next = new AtomicLong();
        round.clients.ticks(period).limitRate(1 + random.nextInt(4)).take(count).doOnNext(tick -> {
            round.check(tick.sequence() == next.get() + tick.missed(), tick + " after " + next);
            next.set(tick.sequence() + 1);
            long due = next.get() * period.toNanos();
            round.check(System.nanoTime() - begin >= due, tick + " is early");
            round.tally.one(Count.TICKS);
        }).blockLast();
    }

    /// Signals an event from several threads, and checks that each signal is counted once.
    static void event(Round round, SplittableRandom random) {
        Event event = round.clients.event().block();
        int threads = 1 + random.nextInt(4);
        int each = 1 + random.nextInt(500);
        long total = (long) threads * each;
        AtomicLong counted = new AtomicLong();
        CompletableFuture<Void> end = RandomDemand.take(round, round.clients.scheduler(), random, true, event::signals, count -> {
            round.tally.add(Count.SIGNALS, count);
            long sum = counted.addAndGet(count);
            round.check(sum <= total, "signalled " + total + ", counted " + sum);
            if (sum == total) {
                event.dispose();
            }
        });
        for (int i = 0; i < threads; i++) {
            round.pool.execute(() -> {
                try {
                    for (int j = 0; j < each; j++) {
                        event.signal();
                    }
                } catch (IllegalStateException e) {
                    if (!round.isCutOff()) {
                        round.fail(e);
                    }
                }
            });
        }
        Mono.fromFuture(end).block();
    }

    // ---- files

    /// Writes a file, then reads it or parts of it.
    static void file(Round round, SplittableRandom random) {
        Path path = round.directory.resolve("file" + random.nextLong());
        int origin = random.nextInt();
        int total = ConnectionWork.size(random);
        round.clients.write(path, Servers.chunks(random, new Pattern(origin), total)).block();
        for (int i = 0; i < 3; i++) {
            int offset = random.nextInt(total + 1);
            Pattern expected = new Pattern(origin);
            for (int left = offset; left > 0;) {
                left -= expected.next(left).remaining();
            }
            ReadOptions options = ReadOptions.defaults().offset(offset).depth(1 + random.nextInt(8))
                    .chunk(1 + random.nextInt(total < 1000 ? 10 : 100_000));
            if (random.nextInt(3) == 0) {
                round.clients.read(path, options).doOnNext(bytes -> check(round, expected, bytes))
                        .take(1 + random.nextInt(5)).blockLast();
                round.tally.one(Count.CANCELS);
            } else {
                CompletableFuture<Void> end = RandomDemand.take(round, round.clients.scheduler(), random, false,
                        () -> round.clients.read(path, options), bytes -> check(round, expected, bytes));
                Mono.fromFuture(end).block();
                round.checkTotal(expected.position() == total, "wrote " + total + ", read up to " + expected.position());
            }
        }
        round.tally.one(Count.FILES);
    }

    private static void check(Round round, Pattern expected, ByteBuffer bytes) {
        round.tally.add(Count.BYTES, bytes.remaining());
        expected.check(bytes);
    }

    /// Runs many concurrent reads from the page cache, which complete during the submission.
    static void flood(Round round, SplittableRandom random) {
        Path path = round.directory.resolve("file" + random.nextLong());
        int origin = random.nextInt();
        int total = 1 + random.nextInt(50_000);
        round.clients.write(path, Servers.chunks(random, new Pattern(origin), total)).block();
        int width = 1 + random.nextInt(200);
        Long bytes = Flux.range(0, width * 3)
                .flatMap(i -> {
                    Pattern expected = new Pattern(origin);
                    return round.clients.read(path).doOnNext(chunk -> check(round, expected, chunk))
                            .map(ByteBuffer::remaining);
                }, width)
                .reduce(0L, Long::sum).block();
        round.checkTotal(bytes == (long) total * width * 3, "read " + bytes + " bytes of " + width * 3 + " times " + total);
        round.tally.add(Count.FILES, width * 3);
    }

    // ---- tasks

    /// Schedules tasks from another thread. Each task that is accepted and not disposed runs once.
    static void scheduler(Round round, SplittableRandom random) {
        Scheduler scheduler = round.clients.scheduler();
        Scheduler.Worker worker = scheduler.createWorker();
        int count = random.nextInt(200);
        AtomicInteger ran = new AtomicInteger();
        int accepted = 0;
        boolean disposes = random.nextInt(3) == 0;
        if (disposes) {
            long micros = random.nextLong(2000);
            round.clients.scheduler().schedule(worker::dispose, micros, TimeUnit.MICROSECONDS);
        }
        try {
            for (int i = 0; i < count; i++) {
                long delay = Math.max(0, random.nextLong(4000) - 2000);
                if (random.nextBoolean()) {
                    scheduler.schedule(ran::incrementAndGet, delay, TimeUnit.MICROSECONDS);
                } else {
                    worker.schedule(ran::incrementAndGet, delay, TimeUnit.MICROSECONDS);
                }
                accepted++;
            }
        } catch (RejectedExecutionException e) {
            if (!disposes) {
                throw e;
            }
        }
        scheduler.disposeGracefully().block();
        round.checkTotal(disposes ? ran.get() <= accepted : ran.get() == accepted, "accepted " + accepted + ", ran " + ran);
        round.tally.add(Count.TASKS, ran.get());
    }

    /// Runs tasks that share a mutex on a separate executor. Some are aborted, some time out.
    static void tasks(Round round, SplittableRandom random) throws Exception {
        ExecutorOptions options = ExecutorOptions.defaults().uncaught(failure -> { // a task may fail before it is joined
            if (!(failure instanceof TimeoutException)) {
                round.fail(failure);
            }
        });
        try (Executor executor = Executor.start("torture-tasks", options)) {
            Mutex<int[]> mutex = new Mutex<>(new int[1]);
            AtomicInteger inside = new AtomicInteger();
            List<JoinHandle<Void>> tasks = new ArrayList<>();
            int count = 1 + random.nextInt(30);
            for (int i = 0; i < count; i++) {
                int rounds = 1 + random.nextInt(20);
                long pauseNanos = random.nextLong(100_000);
                var task = async(() -> {
                    for (int j = 0; j < rounds; j++) {
                        try (var guard = await(mutex.lock())) {
                            round.check(inside.getAndIncrement() == 0, "two holders of the mutex");
                            try {
                                await(j % 2 == 0 ? yieldNow() : Timer.sleep(Duration.ofNanos(pauseNanos)));
                                guard.get()[0]++;
                            } finally {
                                inside.decrementAndGet();
                            }
                        }
                        round.tally.one(Count.TASKS);
                    }
                });
                tasks.add(executor.submit(random.nextInt(4) == 0 ? timeout(task, Duration.ofNanos(random.nextInt(2_000_000)))
                        : task));
            }
            for (JoinHandle<Void> task : tasks) {
                if (random.nextInt(6) == 0) {
                    task.abort();
                }
            }
            for (JoinHandle<Void> task : tasks) {
                try {
                    task.join();
                } catch (CancellationException | TimeoutException e) {
                    round.tally.one(Count.CANCELS);
                }
            }
            round.check(inside.get() == 0, inside + " holders of the mutex after the end");
        }
    }
}
