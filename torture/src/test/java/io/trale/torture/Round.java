package io.trale.torture;

import io.trale.reactive.ObservedLoop;
import io.trale.reactive.Trale;
import io.trale.task.ExecutorOptions;
import io.trale.task.Stats;
import io.trale.torture.Tally.Count;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import reactor.core.Exceptions;

/// One round on the real kernel: two loops run many concurrent pieces of work, then the invariants are checked. The seed
/// determines all random choices, but not their interleaving.
final class Round {

    /// The maximum time without progress. A correct run never waits that long.
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration CHECK_PERIOD = Duration.ofMillis(100);
    private static final Duration CLEAN_UP = Duration.ofSeconds(10);
    private static final int MAX_WORKLOADS = 200;

    private final long seed;
    private final int connections;
    private final SplittableRandom random;
    private final List<Throwable> failures = new ArrayList<>();
    private final Map<Thread, String> inProgress = new ConcurrentHashMap<>();
    private final AtomicInteger begun = new AtomicInteger();
    private final Collection<Runnable> cutOffHooks = new ConcurrentLinkedQueue<>();
    private volatile boolean cutOff;

    final Tally tally;
    final ExecutorService pool = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("torture-", 1).factory());
    Trale server;
    Trale clients;
    Servers servers;
    Path directory;

    Round(long seed, int connections, Tally tally) {
        this.seed = seed;
        this.connections = connections;
        this.tally = tally;
        random = new SplittableRandom(seed);
    }

    // ---- for pieces of work

    /// Records a failure of the round. Any thread.
    void fail(Throwable failure) {
        synchronized (failures) {
            failures.add(failure);
        }
    }

    private boolean hasFailed() {
        synchronized (failures) {
            return !failures.isEmpty();
        }
    }

    void check(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    /// As [#check], for a condition that a close during the work may prevent.
    void checkTotal(boolean condition, String otherwise) {
        if (!condition && cutOff) {
            throw new CancellationException(otherwise);
        }
        check(condition, otherwise);
    }

    /// True if a loop has been closed during the work. From then on, work may fail.
    boolean isCutOff() {
        return cutOff;
    }

    /// Has `action` run after a loop has been closed during the work.
    void onCutOff(Runnable action) {
        cutOffHooks.add(action);
    }

    /// True for failures that a peer or a close of our side may cause.
    static boolean isOrdinary(Throwable failure) {
        Throwable cause = Exceptions.unwrap(failure);
        return cause instanceof IOException || cause instanceof CancellationException
                || cause instanceof RejectedExecutionException || cause instanceof Deliberate
                || cause instanceof IllegalStateException && String.valueOf(cause.getMessage()).contains("closed");
    }

    /// An exception that handlers throw on purpose.
    static final class Deliberate extends RuntimeException {
        private static final long serialVersionUID = 1;

        Deliberate() {
            super("thrown on purpose", null, false, false);
        }
    }

    /// Waits until `condition` holds or the round has failed.
    void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean() && !hasFailed()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    private final class Progress {

        private long sum = -1;
        private long sinceNanos;

        boolean isStuck() {
            if (tally.sum() != sum) {
                sum = tally.sum();
                sinceNanos = System.nanoTime();
            }
            return System.nanoTime() - sinceNanos > PATIENCE.toNanos();
        }
    }

    // ---- the round

    /// Runs the round. Throws the first failure, with the others suppressed. If the work makes no progress, that is a
    /// failure.
    void run() throws Exception {
        Thread body = Thread.ofPlatform().daemon().name("torture-round").unstarted(() -> {
            try {
                runToEnd();
            } catch (Throwable t) {
                fail(t);
            }
        });
        inProgress.put(body, "the round itself");
        body.start();
        Progress progress = new Progress();
        while (!body.join(CHECK_PERIOD) && !hasFailed()) {
            if (progress.isStuck()) {
                fail(stuck());
            }
        }
        body.join(CLEAN_UP); // after a failure it may never end
        throwFailures();
        tally.one(Count.ROUNDS);
    }

    private void runToEnd() throws Exception {
        Map<Integer, String> before = Descriptors.open();
        directory = Files.createTempDirectory("trale-torture");
        try {
            KernelBuffers serverBuffers = new KernelBuffers();
            KernelBuffers clientBuffers = new KernelBuffers();
            ObservedLoop serverLoop = new ObservedLoop("torture-server", options(), serverBuffers);
            ObservedLoop clientLoop = new ObservedLoop("torture-clients", options(), clientBuffers);
            server = serverLoop.trale();
            clients = clientLoop.trale();
            servers = new Servers(this, random.split());

            runWorkloads();
            if (!cutOff && !hasFailed()) {
                servers.dispose();
                until(() -> server.stats().inFlight() == 0 && clients.stats().inFlight() == 0);
            }
            clientLoop.close();
            serverLoop.close();
            clientLoop.thread().join();
            serverLoop.thread().join();
            checkCounters("server", server.stats(), serverBuffers);
            checkCounters("clients", clients.stats(), clientBuffers);
            checkDescriptors(before);
        } finally {
            pool.shutdown();
            delete(directory);
        }
    }

    private ExecutorOptions options() {
        int submissions = oneOf(2, 8, 128);
        return ExecutorOptions.defaults()
                .ringEntries(submissions, Math.max(submissions, oneOf(4, 64, 4096)))
                .receiveBuffers(oneOf(2, 8, 64), oneOf(1000, 8192, 65536))
                .sendBlocks(oneOf(2, 8, 64), oneOf(1000, 8192, 65536))
                .leaseBuffers(oneOf(2, 8, 64), oneOf(1000, 8192, 65536))
                .fileBlocks(oneOf(2, 8, 32), oneOf(1000, 8192, 65536))
                .uncaught(this::fail);
    }

    private int oneOf(int... values) {
        return values[random.nextInt(values.length)];
    }

    private void runWorkloads() throws InterruptedException {
        int count = 1 + random.nextInt(MAX_WORKLOADS);
        int workers = Math.min(count, connections);
        int cutOffAfter = random.nextInt(4) == 0 ? random.nextInt(count) : Integer.MAX_VALUE;
        boolean cutsServer = random.nextBoolean();
        long base = random.nextLong();
        CountDownLatch done = new CountDownLatch(workers);
        for (int i = 0; i < workers; i++) {
            pool.execute(() -> {
                for (int number; (number = begun.getAndIncrement()) < count && !hasFailed();) {
                    if (number == cutOffAfter) {
                        cutOff = true;
                        (cutsServer ? server : clients).close();
                        cutOffHooks.forEach(Runnable::run);
                    }
                    runWorkload(new SplittableRandom(base + number), number);
                }
                done.countDown();
            });
        }
        while (!done.await(CHECK_PERIOD.toMillis(), TimeUnit.MILLISECONDS) && !hasFailed()) {}
    }

    private void runWorkload(SplittableRandom random, int number) {
        Workload workload = Workload.any(random);
        inProgress.put(Thread.currentThread(), workload + " " + number);
        try {
            workload.run(this, random);
            tally.one(Count.WORKLOADS);
        } catch (Throwable t) {
            if ((cutOff || hasFailed()) && isOrdinary(t)) {
                tally.one(Count.CUT_OFF);
            } else {
                fail(new AssertionError(workload + " " + number + ": " + t, t));
            }
        } finally {
            inProgress.remove(Thread.currentThread());
        }
    }

    private AssertionError stuck() {
        StringBuilder text = new StringBuilder("no progress for " + PATIENCE.toSeconds() + " s"
                + (cutOff ? ", a loop was closed" : "") + "; server "
                + server.stats() + ", clients " + clients.stats() + "; in progress:");
        inProgress.forEach((thread, workload) -> {
            text.append("\n  ").append(workload);
            Stream.of(thread.getStackTrace()).limit(12).forEach(frame -> text.append("\n    at ").append(frame));
        });
        return new AssertionError(text.toString());
    }

    // ---- at the end

    private void checkCounters(String which, Stats stats, KernelBuffers buffers) {
        check(stats.inFlight() == 0, which + ": operations in flight after the end: " + stats);
        check(stats.unknown() == 0, which + ": completions of unknown operations: " + stats);
        check(buffers.size() == 0, which + ": " + buffers.size() + " buffers were not returned");
    }

    private void checkDescriptors(Map<Integer, String> before) throws IOException {
        Map<Integer, String> after = Descriptors.open();
        after.entrySet().removeAll(before.entrySet());
        check(after.isEmpty(), "descriptors left open: " + after);
    }

    private void throwFailures() {
        synchronized (failures) {
            if (!failures.isEmpty()) {
                Throwable first = failures.getFirst();
                failures.stream().skip(1).limit(10).filter(other -> other != first).forEach(first::addSuppressed);
                throw first instanceof Error error ? error : new AssertionError(first);
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    @Override
    public String toString() {
        return "round " + seed;
    }
}
