package io.trale.reactive;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trale.reactive.codec.Frames;
import io.trale.reactive.codec.Lines;
import io.trale.reactive.codec.Strings;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import reactor.core.Scannable.Attr.RunStyle;
import reactor.core.publisher.Flux;

/// Every source, and every view of one, for tests that apply to all.
final class Sources {

    /// A source and the peer that makes it emit.
    ///
    /// @param busy emits endlessly, within its demand
    /// @param silent of the same kind, but never emits
    /// @param close stops the peer
    record Source(Flux<Object> busy, Flux<Object> silent, Runnable close) {

        static Source of(Flux<?> busy, Flux<?> silent, Runnable close) {
            return new Source(Flux.from(busy), Flux.from(silent), close); // the same objects
        }
    }

    /// Creates a source on a [Trale] whose receive buffers have one byte each.
    ///
    /// @param step its name in Reactor's scans
    /// @param style whether it signals on the thread of its own source
    record Kind(String step, RunStyle style, Function<Trale, Source> make) {

        static Kind source(String name, Function<Trale, Source> make) {
            return new Kind("source(" + name + ")", RunStyle.ASYNC, make);
        }

        static <T> Kind view(String name, Function<Flux<ByteBuffer>, Flux<T>> view) {
            return source(name, trale -> receive(trale, connection -> connection.receive().transform(view)));
        }

        /// True for a source without an end of its own: it completes when it is closed. Others fail.
        boolean isEndless() {
            return ENDLESS.contains(step);
        }

        /// True if the source receives from a connection.
        boolean isOfConnection() {
            return !isEndless() && !step.equals("source(traleRead)");
        }

        @Override
        public String toString() {
            return step;
        }
    }

    private static final Set<String> ENDLESS = Set.of("source(traleReceiveDatagrams)", "source(traleAccept)",
            "source(traleTicks)", "source(traleSignals)");

    private static final AtomicInteger PIPES = new AtomicInteger();

    private Sources() {}

    static List<Kind> all() {
        return List.of(
                Kind.source("traleReceive", trale -> receive(trale, Connection::receive)),
                Kind.source("traleReceiveWith", trale -> receive(trale, c -> c.receiveWith(segment -> segment.byteSize()))),
                Kind.source("traleReceiveLeases", trale -> receive(trale, Connection::receiveLeases)),
                Kind.source("traleReceiveDatagrams", Sources::receiveDatagrams),
                Kind.source("traleAccept", Sources::accept),
                Kind.source("traleTicks", Sources::ticks),
                Kind.source("traleSignals", Sources::signals),
                Kind.source("traleRead", Sources::read),
                Kind.view("strings", Strings.of(UTF_8)),
                Kind.view("lines", Lines.of(UTF_8)),
                Kind.view("frames", Frames.lengthPrefixed(1)));
    }

    private static Source receive(Trale trale, Function<Connection, Flux<?>> receive) {
        Pair busy = Pair.of(trale);
        Pair silent = Pair.of(trale);
        byte[] bytes = new byte[100];
        Arrays.fill(bytes, (byte) '\n'); // lines, and frames of that many bytes
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    busy.peer().write(ByteBuffer.wrap(bytes));
                }
            } catch (IOException e) {
                // the end of the test
            }
        });
        return Source.of(receive.apply(busy.connection()), receive.apply(silent.connection()), () -> {
            busy.close();
            silent.close();
            join(writer);
        });
    }

    private static Source receiveDatagrams(Trale trale) {
        UdpEndpoint busy = trale.udp(Support.loopback(0)).block();
        UdpEndpoint silent = trale.udp(Support.loopback(0)).block();
        Thread sender = Thread.ofPlatform().daemon().start(() -> {
            try (DatagramChannel channel = DatagramChannel.open()) {
                while (!busy.isDisposed()) {
                    channel.send(ByteBuffer.allocate(1), busy.localAddress());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return Source.of(busy.receive(), silent.receive(), () -> {
            busy.dispose();
            silent.dispose();
            join(sender);
        });
    }

    private static Source accept(Trale trale) {
        Listener busy = trale.bind(Support.loopback(0)).block();
        Listener silent = trale.bind(Support.loopback(0)).block();
        SocketAddress address = busy.localAddress();
        Thread caller = Thread.ofPlatform().daemon().start(() -> {
            while (!busy.isDisposed()) {
                try (SocketChannel channel = SocketChannel.open(address)) {
                    channel.socket().getInputStream().read(); // until the connection is accepted and aborted
                } catch (IOException e) {
                    // next connection
                }
            }
        });
        return Source.of(busy.accept(), silent.accept(), () -> {
            silent.dispose();
            busy.dispose();
            join(caller);
        });
    }

    private static Source ticks(Trale trale) {
        return Source.of(trale.ticks(Duration.ofNanos(100_000)), trale.ticks(Duration.ofDays(1)), () -> { });
    }

    private static Source signals(Trale trale) {
        Event busy = trale.event().block();
        Event silent = trale.event().block();
        Thread signaller = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    busy.signal();
                    LockSupport.parkNanos(20_000);
                }
            } catch (IllegalStateException disposed) {
                // the end of the test
            }
        });
        return Source.of(busy.signals(), silent.signals(), () -> {
            busy.dispose();
            silent.dispose();
            join(signaller);
        });
    }

    /// The silent source reads a pipe without a writer.
    private static Source read(Trale trale) {
        // In the temporary directory, the name would open /dev/random forever.
        Path pipe = Path.of("target", "pipe-" + ProcessHandle.current().pid() + "-" + PIPES.incrementAndGet());
        try {
            Files.deleteIfExists(pipe);
            if (new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() != 0) {
                throw new AssertionError("no pipe");
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        return Source.of(trale.read(Path.of("/dev/zero"), ReadOptions.defaults().chunk(10)), trale.read(pipe),
                () -> delete(pipe));
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
