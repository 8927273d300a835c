package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.trale.linux.Memory;
import io.trale.reactive.buffer.BufferLease;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The bytes that an element allocates on the loop thread once the code is compiled: those of the element, and no more. The
/// build runs this without escape analysis, so that no object depends on the JIT.
///
/// The JVM counts the allocated bytes of a thread. Less than half a byte per element counts as none; the core's test of this
/// name gives the reason.
@Timeout(120)
class AllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WINDOW = 10_000;
    private static final int FEW = 20;
    private static final int MANY = 100;
    private static final double NOTHING = 0.5;

    /// The array of an IPv4 address, which the JDK allocates for each call.
    private static final int IP = 24;

    /// The size of a receive buffer, and so of most chunks.
    private static final int CHUNK = 64;

    private static final long HEAP_BUFFER;
    private static final long LEASE;

    /// Keeps the JIT from removing objects.
    private static Object sink;

    static {
        byte[] array = new byte[CHUNK];
        HEAP_BUFFER = size(i -> ByteBuffer.wrap(array));
        MemorySegment memory = MemorySegment.ofArray(array);
        BufferLease.Lender lender = flags -> { };
        LEASE = size(i -> new BufferLease(lender, memory, i, i, false));
    }

    private Trale trale;

    @BeforeEach
    void start() {
        trale = Trale.start(ExecutorOptions.defaults().receiveBuffers(64, CHUNK).leaseBuffers(64, CHUNK));
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
    }

    /// Counts elements until a window of them has allocated nothing beyond the elements, or until any JIT must have compiled
    /// the code. One thread.
    private static final class Meter {

        private final int windows;
        private final CompletableFuture<Double> result = new CompletableFuture<>();
        private int count;
        private long expected;
        private long before;
        private double best = Double.MAX_VALUE;

        Meter(int windows) {
            this.windows = windows;
        }

        /// Counts an element of `bytes`. Returns false when the measurement is complete.
        boolean count(long bytes) {
            if (count % WINDOW == 0) {
                endWindow();
            }
            count++;
            expected += bytes;
            return !result.isDone();
        }

        private void endWindow() {
            long now = THREADS.getCurrentThreadAllocatedBytes();
            if (count > 0) {
                best = Math.min(best, (double) (now - before - expected) / WINDOW);
                if (best < NOTHING || count == windows * WINDOW) {
                    result.complete(best);
                }
            }
            before = now;
            expected = 0;
        }

        /// The bytes that an element of the best window has allocated beyond its own.
        double result() {
            return Support.get(result);
        }
    }

    /// The number of bytes that `make` allocates.
    private static long size(IntFunction<?> make) {
        Meter meter = new Meter(FEW);
        for (int i = 0; meter.count(0); i++) {
            sink = make.apply(i);
        }
        return Math.round(meter.result());
    }

    /// The size of a buffer and its array: the array has a header of 16 bytes and is rounded up to 8.
    private static long size(ByteBuffer buffer) {
        return HEAP_BUFFER + 16 + (buffer.capacity() + 7 & -8);
    }

    /// The bytes that each element of `source` allocates beyond its own `own` bytes. Elements are requested one by one.
    private static <T> double beyond(Flux<T> source, ToLongFunction<? super T> own) {
        Meter meter = new Meter(MANY);
        source.subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(T element) {
                if (meter.count(own.applyAsLong(element))) {
                    request(1);
                } else {
                    cancel();
                }
            }
        });
        return meter.result();
    }

    /// The bytes beyond `bytes` that sending `element` repeatedly allocates per send.
    private static <T> double beyond(T element, int bytes, Function<Publisher<T>, Mono<Void>> send) {
        Meter meter = new Meter(MANY);
        send.apply(Flux.generate(elements -> {
            if (meter.count(bytes)) {
                elements.next(element);
            } else {
                elements.complete();
            }
        })).block();
        return meter.result();
    }

    private interface Step {
        void run(ByteBuffer memory) throws IOException;
    }

    /// Repeats `step` on its own thread until a socket is closed.
    private static void repeat(Step step) {
        Thread.ofPlatform().daemon().start(() -> {
            ByteBuffer memory = ByteBuffer.allocateDirect(64 << 10);
            try {
                while (true) {
                    step.run(memory.clear());
                }
            } catch (IOException closed) {
                // the end of the test
            }
        });
    }

    private static void read(SocketChannel peer, ByteBuffer memory) throws IOException {
        if (peer.read(memory) < 0) {
            throw new IOException("the end");
        }
    }

    // ---- receives of a connection

    @Test
    void receiveAllocatesTheArrayAndItsBuffer() {
        try (Pair pair = Pair.of(trale)) {
            repeat(pair.peer()::write);
            assertThat(beyond(pair.connection().receive(), AllocationTest::size)).isLessThan(NOTHING);
        }
    }

    @Test
    void receiveWithAllocatesTheArenaOfTheCallAndItsSegment() {
        try (Pair pair = Pair.of(trale); Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(CHUNK);
            long size = size(i -> {
                try (Arena call = Arena.ofConfined()) {
                    return Memory.view(memory, CHUNK, call);
                }
            });
            repeat(pair.peer()::write);
            assertThat(beyond(pair.connection().receiveWith(segment -> "element"), element -> size)).isLessThan(NOTHING);
        }
    }

    @Test
    void receiveLeasesAllocatesTheLeaseOfFortyBytes() {
        assertThat(LEASE).isLessThanOrEqualTo(40);
        try (Pair pair = Pair.of(trale)) {
            repeat(pair.peer()::write);
            assertThat(beyond(pair.connection().receiveLeases(), lease -> {
                lease.close();
                return LEASE;
            })).isLessThan(NOTHING);
        }
    }

    // ---- other sources

    /// The bytes of the datagram and the address of its sender.
    @Test
    void receiveOfDatagramsAllocatesTheDatagramAndItsParts() throws Exception {
        byte[] ip = {127, 0, 0, 1};
        long size = IP + size(i -> {
            try {
                return new Datagram(ByteBuffer.allocate(CHUNK),
                        new InetSocketAddress(InetAddress.getByAddress(ip), i & 0xffff), false, i);
            } catch (UnknownHostException e) {
                throw new AssertionError(e);
            }
        });
        UdpEndpoint endpoint = trale.udp(Support.loopback(0)).block();
        try (DatagramChannel peer = DatagramChannel.open().connect(endpoint.localAddress())) {
            repeat(memory -> peer.write(memory.limit(CHUNK)));
            assertThat(beyond(endpoint.receive(), datagram -> size)).isLessThan(NOTHING);
        }
        endpoint.dispose();
    }

    @Test
    void ticksAllocateTheTick() {
        long size = size(i -> new Tick(i, i));
        assertThat(beyond(trale.ticks(Duration.ofNanos(1000)), tick -> size)).isLessThan(NOTHING);
    }

    /// The JVM caches small `Long`s.
    @Test
    void signalsAllocateNothing() {
        Event event = trale.event().block();
        event.signal();
        assertThat(beyond(event.signals(), count -> {
            event.signal();
            return 0;
        })).isLessThan(NOTHING);
        event.dispose();
    }

    @Test
    void readsOfAFileAllocateTheArrayAndItsBuffer() {
        assertThat(beyond(trale.read(Path.of("/dev/zero"), ReadOptions.defaults().chunk(CHUNK)), AllocationTest::size))
                .isLessThan(NOTHING);
    }

    // ---- sending

    @ParameterizedTest
    @ValueSource(ints = {CHUNK, 64 << 10})
    void sendsOfHeapBuffersAllocateNothing(int bytes) {
        try (Pair pair = Pair.of(trale)) {
            repeat(memory -> read(pair.peer(), memory));
            Consumer<ByteBuffer> whenTaken = taken -> { };
            assertThat(beyond(ByteBuffer.allocate(bytes), 0, source -> pair.connection().send(source, whenTaken)))
                    .isLessThan(NOTHING);
        }
    }

    /// The segment that gives access to a direct buffer.
    @Test
    void sendsOfDirectBuffersAllocateAView() {
        try (Pair pair = Pair.of(trale)) {
            repeat(memory -> read(pair.peer(), memory));
            assertThat(beyond(ByteBuffer.allocateDirect(CHUNK), 80, source -> pair.connection().send(source)))
                    .isLessThan(NOTHING);
        }
    }

    @Test
    void sendsOfDatagramsAllocateTheArrayOfTheAddress() {
        UdpEndpoint to = trale.udp(Support.loopback(0)).block();
        UdpEndpoint from = trale.udp(Support.loopback(0)).block();
        assertThat(beyond(Datagram.to(to.localAddress(), ByteBuffer.allocate(CHUNK)), IP, from::send)).isLessThan(NOTHING);
        to.dispose();
        from.dispose();
    }

    /// The bytes beyond the lease that receiving and forwarding it allocates.
    private static double beyond(Connection from, Connection to) {
        Meter meter = new Meter(MANY);
        to.sendLeases(from.receiveLeases().takeWhile(lease -> {
            boolean more = meter.count(LEASE);
            if (!more) {
                lease.close();
            }
            return more;
        })).block();
        return meter.result();
    }

    @Test
    void sendsOfLeasesThatAreCopiedTogetherAllocateNothing() {
        try (Pair from = Pair.of(trale); Pair to = Pair.of(trale)) {
            repeat(from.peer()::write);
            repeat(memory -> read(to.peer(), memory));
            assertThat(beyond(from.connection(), to.connection())).isLessThan(NOTHING);
        }
    }

    /// The socket always has space, since otherwise leases would be copied to the heap.
    @Test
    void sendsOfLeasesInPlaceAllocateNothing() {
        try (Trale large = Trale.start(); Pair from = Pair.of(large); Pair to = Pair.of(large)) {
            repeat(memory -> {
                from.peer().write(memory.limit(32 << 10));
                memory.clear().limit(32 << 10);
                while (memory.hasRemaining()) {
                    read(to.peer(), memory);
                }
            });
            assertThat(beyond(from.connection(), to.connection())).isLessThan(NOTHING);
        }
    }
}
