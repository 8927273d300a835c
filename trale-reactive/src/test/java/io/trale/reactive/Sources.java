package io.trale.reactive;

import io.trale.reactive.Support.Pair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import reactor.core.publisher.Flux;

/// Every source there is, for tests of what all have in common.
final class Sources {

    /// A source and what makes it emit.
    ///
    /// @param busy emits for ever, as far as it is asked to
    /// @param silent of the same kind, but never emits
    /// @param close stops what makes them emit
    record Source(Flux<Object> busy, Flux<Object> silent, Runnable close) {

        static Source of(Flux<?> busy, Flux<?> silent, Runnable close) {
            return new Source(Flux.from(busy), Flux.from(silent), close); // the very same
        }
    }

    /// How to make a source on a [Trale] whose receive buffers have one byte each.
    record Kind(String name, Function<Trale, Source> make) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final AtomicInteger PIPES = new AtomicInteger();

    private Sources() {}

    static List<Kind> all() {
        return List.of(
                new Kind("traleReceive", trale -> receive(trale, Connection::receive)),
                new Kind("traleReceiveWith", trale -> receive(trale, c -> c.receiveWith(segment -> segment.byteSize()))),
                new Kind("traleReceiveLeases", trale -> receive(trale, Connection::receiveLeases)),
                new Kind("traleReceiveDatagrams", Sources::receiveDatagrams),
                new Kind("traleAccept", Sources::accept),
                new Kind("traleTicks", Sources::ticks),
                new Kind("traleSignals", Sources::signals),
                new Kind("traleRead", Sources::read));
    }

    private static Source receive(Trale trale, Function<Connection, Flux<?>> receive) {
        Pair busy = Pair.of(trale);
        Pair silent = Pair.of(trale);
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    busy.peer().write(ByteBuffer.allocate(100));
                }
            } catch (IOException e) {
                // the test is over
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
        InetSocketAddress address = busy.localAddress();
        Thread caller = Thread.ofPlatform().daemon().start(() -> {
            while (!busy.isDisposed()) {
                try (SocketChannel channel = SocketChannel.open(address)) {
                    channel.socket().getInputStream().read(); // until it is accepted, and aborted
                } catch (IOException e) {
                    // next
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
                // the test is over
            }
        });
        return Source.of(busy.signals(), silent.signals(), () -> {
            busy.dispose();
            silent.dispose();
            join(signaller);
        });
    }

    /// The silent one is of a pipe that nobody writes to.
    private static Source read(Trale trale) {
        Path pipe = Path.of("target", "pipe-" + PIPES.incrementAndGet()); // a temporary name opens /dev/random for good
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
