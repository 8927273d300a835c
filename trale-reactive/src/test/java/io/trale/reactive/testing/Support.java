package io.trale.reactive.testing;

import io.trale.reactive.Connection;
import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.task.Executor;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.test.publisher.TestPublisher;

/// What the tests of this package share: peers that are no part of trale, and conditions to wait for.
public final class Support {

    /// What a send may have in its queue, and may have requested, by the documentation.
    public static final int WINDOW_BYTES = 64 << 10;
    public static final int WINDOW_ELEMENTS = 32;

    /// How long to wait for a condition before the test has failed. Nothing is measured by it.
    public static final int PATIENCE_SECONDS = Integer.getInteger("trale.patience.seconds", 50);

    /// The number of the system call, which is the same on all architectures.
    private static final String IO_URING_ENTER = "426 ";

    public static final boolean TORTURE = Boolean.getBoolean("trale.torture");

    static { // with its first socket the JDK opens a descriptor for itself, and keeps it: not one to be counted
        try {
            new ServerSocket(0).close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Support() {}

    /// A connection of ours, and its other end as the JDK sees it, which is in blocking mode.
    public record Pair(Connection connection, SocketChannel peer) implements AutoCloseable {

        public static Pair of(Trale trale) {
            return of(trale, 0);
        }

        /// With a receive buffer of the peer's of about `receiveBytes`, or as the system has it for 0. For a peer that is to
        /// read after all, make it larger than loopback's segments of 64 KiB: once a window smaller than those has closed,
        /// the kernel may go on at one window for each of its probes, five times a second.
        public static Pair of(Trale trale, int receiveBytes) {
            try (ServerSocketChannel server = ServerSocketChannel.open()) {
                if (receiveBytes > 0) {
                    server.setOption(StandardSocketOptions.SO_RCVBUF, receiveBytes); // what it accepts inherits it
                }
                server.bind(loopback(0));
                Connection connection = trale.connect((InetSocketAddress) server.getLocalAddress()).block();
                return new Pair(connection, server.accept());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            connection.abort();
            Support.close(peer);
        }
    }

    public static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    public static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void shutdownOutput(SocketChannel channel) {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Closes so that the peer is reset.
    public static void reset(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Bytes that depend on the seed and on their place.
    public static byte[] bytes(long seed, int count) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    public static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    public static void write(SocketChannel peer, byte[] bytes) {
        try {
            for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining();) {
                peer.write(rest);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads until there are `count` bytes, or the peer has ended.
    public static byte[] read(SocketChannel peer, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        try {
            while (bytes.hasRemaining() && peer.read(bytes) >= 0) {}
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytesOf(bytes.flip());
    }

    /// Reads and returns all until the peer ends.
    public static byte[] readAll(SocketChannel peer) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        try {
            while (peer.read(chunk.clear()) >= 0) {
                all.write(chunk.array(), 0, chunk.position());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all.toByteArray();
    }

    /// Waits until `condition` holds.
    public static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("never: " + what);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    /// What `call` returns on the loop thread.
    public static <T> T onLoop(Trale trale, Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        if (!Internals.loop(trale).execute(() -> {
            try {
                result.complete(call.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        })) {
            throw new AssertionError("the loop is closed");
        }
        return get(result);
    }

    public static <T> T get(CompletableFuture<T> result) {
        try {
            return result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /// Waits until the loop has run what it had to run and sleeps in `io_uring_enter`, by what `proc_pid_syscall(5)` tells of
    /// its thread; returns how often it has entered the kernel by then. If nothing happens any more, that number stays.
    public static long asleep(Trale trale) {
        Path thread = onLoop(trale, () -> Files.readSymbolicLink(Path.of("/proc/thread-self")));
        Path syscall = Path.of("/proc").resolve(thread).resolve("syscall");
        until("a loop with nothing to do", () -> {
            try {
                return Files.readString(syscall).startsWith(IO_URING_ENTER);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return trale.stats().enters();
    }

    /// How many entries the loop has handed to the kernel. A loop that sleeps counts those of its last enter when it wakes up,
    /// so only the loop itself can tell.
    public static long submitted(Trale trale) {
        return onLoop(trale, () -> trale.stats().submitted());
    }

    /// Waits until nothing is in flight, as the loop sees it between two jobs. A worker of the kernel's may be at a file still
    /// when its effect can be seen: a descriptor is open, bytes are written.
    public static void untilIdle(Trale trale) {
        until("nothing in flight", () -> onLoop(trale, () -> trale.stats().inFlight()) == 0);
    }

    /// Waits until `source` can emit. A [TestPublisher] drops what it is told to emit before its subscriber is in its list,
    /// which may be some time after the subscriber's first request.
    public static void untilAsked(TestPublisher<?> source) {
        until("the source is subscribed to, and asked", () -> source.wasRequested() && source.wasSubscribed());
    }

    /// Lets some time pass, by messages between sockets that are none of ours.
    public static void meanwhile() {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(loopback(0));
                SocketChannel one = SocketChannel.open(server.getLocalAddress());
                SocketChannel other = server.accept()) {
            for (int i = 0; i < 500; i++) {
                write(one, new byte[1]);
                write(other, read(other, 1));
                read(one, 1);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Waits until the loop sleeps through whatever happens elsewhere, with `inFlight` operations in flight. For peers that
    /// do not read: their kernel may go on taking a little from ours for a while.
    public static void untilStalled(Trale trale, long inFlight) {
        until("a loop that sleeps with " + inFlight + " in flight", () -> {
            asleep(trale);
            long submitted = submitted(trale); // wake-ups add none, by the one poll that tells of all
            meanwhile();
            asleep(trale);
            return submitted(trale) == submitted && trale.stats().inFlight() == inFlight;
        });
    }

    /// Writes zeros until the socket takes no more, for now; returns how many. Leaves the channel non-blocking.
    public static long fill(SocketChannel peer) {
        ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
        long total = 0;
        try {
            peer.configureBlocking(false);
            int count;
            while ((count = peer.write(chunk.clear())) > 0) {
                total += count;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return total;
    }

    /// How many descriptors this process has open, but for jars, which the JVM opens when it likes.
    public static int descriptors() {
        String[] names = new File("/proc/self/fd").list();
        if (names == null) {
            throw new AssertionError("no /proc/self/fd");
        }
        int count = 0;
        for (String name : names) {
            try {
                if (!Files.readSymbolicLink(Path.of("/proc/self/fd", name)).toString().endsWith(".jar")) {
                    count++;
                }
            } catch (IOException e) {
                // closed meanwhile: the one that the list was read from, at least
            }
        }
        return count;
    }

    /// Waits until no more than `count` descriptors are open.
    public static void untilDescriptors(int count) {
        until("at most " + count + " descriptors, there are " + descriptors(), () -> descriptors() <= count);
    }

    /// The class path of a JVM that a test starts.
    public static String classPath() {
        return Stream.concat(Stream.of("target/classes", "target/test-classes"),
                Stream.of(Executor.class, Mono.class, Publisher.class)
                        .map(c -> c.getProtectionDomain().getCodeSource().getLocation().getPath()))
                .collect(Collectors.joining(":"));
    }
}
