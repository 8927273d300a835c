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

/// Shared by the tests of this package: peers that do not use trale, and conditions to wait for.
public final class Support {

    /// The documented window of a send: the bytes that it may have queued or requested.
    public static final int WINDOW_BYTES = 64 << 10;
    public static final int WINDOW_ELEMENTS = 32;

    /// How long to wait for a condition before the test fails. Nothing is measured by it.
    public static final int PATIENCE_SECONDS = Integer.getInteger("trale.patience.seconds", 50);

    /// The number of `io_uring_enter(2)`, the same on all architectures.
    private static final String IO_URING_ENTER = "426 ";

    public static final boolean TORTURE = Boolean.getBoolean("trale.torture");

    static { // with its first socket, the JDK opens a descriptor and keeps it
        try {
            new ServerSocket(0).close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Support() {}

    /// A connection of ours, and its other end as a blocking socket of the JDK.
    public record Pair(Connection connection, SocketChannel peer) implements AutoCloseable {

        public static Pair of(Trale trale) {
            return of(trale, 0);
        }

        /// With a receive buffer of the peer of about `receiveBytes`; 0 means the system's default. If the peer reads later,
        /// use more than a loopback segment of 64 KiB: once a smaller window has closed, the kernel may send one window for
        /// each probe only, five times a second.
        public static Pair of(Trale trale, int receiveBytes) {
            try (ServerSocketChannel server = ServerSocketChannel.open()) {
                if (receiveBytes > 0) {
                    server.setOption(StandardSocketOptions.SO_RCVBUF, receiveBytes); // accepted sockets inherit it
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

    /// Bytes that depend on the seed and their position.
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

    /// Reads until there are `count` bytes, or until the peer's end.
    public static byte[] read(SocketChannel peer, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        try {
            while (bytes.hasRemaining() && peer.read(bytes) >= 0) {}
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytesOf(bytes.flip());
    }

    /// Reads all bytes until the peer's end.
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

    /// The result of `call` on the loop thread.
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

    /// Waits until the loop has run its jobs and sleeps in `io_uring_enter` (`proc_pid_syscall(5)` of its thread); returns its
    /// number of enters so far. If nothing more happens, that number stays.
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

    /// The number of entries that the loop has submitted. A sleeping loop counts those of its last enter when it wakes up, so
    /// only the loop can read it.
    public static long submitted(Trale trale) {
        return onLoop(trale, () -> trale.stats().submitted());
    }

    /// Waits until nothing is in flight, read on the loop between two jobs. A kernel worker may still be busy with a file after
    /// its effect is visible: a descriptor is open, bytes are written.
    public static void untilIdle(Trale trale) {
        until("nothing in flight", () -> onLoop(trale, () -> trale.stats().inFlight()) == 0);
    }

    /// Waits until `source` can emit. A [TestPublisher] drops elements until it has registered its subscriber, which may be
    /// some time after the subscriber's first request.
    public static void untilAsked(TestPublisher<?> source) {
        until("the source is subscribed to, and asked", () -> source.wasRequested() && source.wasSubscribed());
    }

    /// Lets some time pass, by exchanging messages between sockets of the JDK.
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

    /// Waits until the loop sleeps permanently with `inFlight` operations in flight. For peers that do not read: their kernel
    /// may still accept small amounts for a while.
    public static void untilStalled(Trale trale, long inFlight) {
        until("a loop that sleeps with " + inFlight + " in flight", () -> {
            asleep(trale);
            long submitted = submitted(trale); // wake-ups add none: one multishot poll reports them
            meanwhile();
            asleep(trale);
            return submitted(trale) == submitted && trale.stats().inFlight() == inFlight;
        });
    }

    /// Writes zeros until the socket takes no more; returns their number. Leaves the channel non-blocking.
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

    /// The number of open descriptors of this process, except jars, which the JVM opens at any time.
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
                // closed meanwhile; at least the one of this list
            }
        }
        return count;
    }

    /// Waits until at most `count` descriptors are open.
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
