package io.trale;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.linux.Kernel;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.reactor.Counters.Count;
import io.trale.sim.Capability;
import io.trale.sim.MaskedKernel;
import io.trale.sync.EventFd;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every feature of an executor on the real kernel, without one capability after the other, with queues of the default size and
/// with the smallest. So the fallbacks for older kernels are tested on a new one.
@ParameterizedClass(name = "without {0}, {1} and {2} entries")
@MethodSource("kernels")
@Timeout(60)
class SmokeTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration LONG = Duration.ofDays(1);

    @Parameter(0)
    private Set<Capability> lacking;
    @Parameter(1)
    private int submissions;
    @Parameter(2)
    private int completions;

    @TempDir
    private Path directory;

    private final List<Throwable> uncaught = new ArrayList<>();
    private Executor executor;

    static List<Arguments> kernels() {
        List<Arguments> kernels = new ArrayList<>();
        for (Set<Capability> mask : Capability.masks()) {
            kernels.add(Arguments.of(mask, 256, 4096));
            kernels.add(Arguments.of(mask, 1, 2));
            kernels.add(Arguments.of(mask, 2, 4));
        }
        return kernels;
    }

    @BeforeEach
    void open() {
        executor = Executor.open(MaskedKernel.without(lacking), ExecutorOptions.defaults()
                .ringEntries(submissions, completions).uncaught(uncaught::add));
    }

    @AfterEach
    void nothingIsLeft() {
        executor.close();
        assertThat(uncaught).isEmpty();
        assertThat(executor.reactor().counters().get(Count.IN_FLIGHT)).isZero();
        assertThat(executor.reactor().counters().get(Count.UNKNOWN)).isZero();
    }

    /// Echoes until the end of the stream.
    private static Future<Void> echo(TcpStream stream) {
        return async(() -> {
            try (stream; Buffer buffer = Buffer.allocate(1000)) {
                for (int count = await(stream.read(buffer)); count > 0; count = await(stream.read(buffer))) {
                    for (int sent = 0; sent < count;) {
                        sent += await(stream.write(buffer, sent, count - sent));
                    }
                }
            }
        });
    }

    private static Future<Void> client(InetSocketAddress server, int seed) {
        return async(() -> {
            byte[] sent = new byte[50_000];
            new Random(seed).nextBytes(sent);
            byte[] received = new byte[sent.length];
            try (TcpStream stream = await(TcpStream.connect(server)); Buffer in = Buffer.allocate(3000);
                    Buffer out = Buffer.allocate(sent.length)) {
                out.segment().copyFrom(MemorySegment.ofArray(sent));
                JoinHandle<Void> sending = Executor.spawn(async(() -> {
                    for (int done = 0; done < sent.length;) {
                        done += await(stream.write(out, done, sent.length - done));
                    }
                    stream.shutdownOutput();
                }));
                int count = 0;
                for (int more = await(stream.read(in)); more > 0; more = await(stream.read(in))) {
                    MemorySegment.copy(in.segment(), JAVA_BYTE, 0, received, count, more);
                    count += more;
                }
                await(sending);
                assertThat(Arrays.copyOf(received, count)).isEqualTo(sent);
            }
        });
    }

    @Test
    void tcpEchoesEveryByte() throws Exception {
        int connections = 5;
        JoinHandle<Void> server = executor.submit(async(() -> {
            List<JoinHandle<Void>> ends = new ArrayList<>();
            try (TcpListener listener = TcpListener.bind(ANY)) {
                for (int i = 0; i < connections; i++) {
                    ends.add(Executor.spawn(client(listener.localAddress(), i)));
                }
                for (int i = 0; i < connections; i++) {
                    ends.add(Executor.spawn(echo(await(listener.accept()))));
                }
            }
            for (JoinHandle<Void> end : ends) {
                await(end);
            }
        }));
        server.join();
    }

    @Test
    void udpDatagramsArriveOneByOne() throws Exception {
        executor.submit(async(() -> {
            try (UdpSocket one = UdpSocket.bind(ANY); UdpSocket two = UdpSocket.bind(ANY);
                    Buffer out = Buffer.allocate(100); Buffer in = Buffer.allocate(100)) {
                for (int i = 1; i <= 100; i++) {
                    out.segment().set(JAVA_BYTE, 0, (byte) i);
                    assertThat(await(one.sendTo(out, 0, i, two.localAddress()))).isEqualTo(i);
                    assertThat(await(two.receive(in)).length()).isEqualTo(i);
                    assertThat(in.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) i);
                }
            }
        })).join();
    }

    @Test
    void timersFireInTheOrderOfTheirDeadlines() throws Exception {
        Kernel kernel = executor.reactor().kernel();
        List<long[]> order = new ArrayList<>();
        List<JoinHandle<Void>> sleepers = new ArrayList<>();
        for (int millis : new int[] {30, 10, 50, 20, 40}) {
            sleepers.add(executor.submit(async(() -> {
                long before = kernel.nanoTime();
                Future<Void> sleep = Timer.sleep(Duration.ofMillis(millis));
                long after = kernel.nanoTime();
                await(sleep);
                order.add(new long[] {before + millis * 1_000_000L, after + millis * 1_000_000L});
            })));
        }
        for (JoinHandle<Void> sleeper : sleepers) {
            sleeper.join();
        }
        assertThat(order).hasSize(5);
        for (int i = 1; i < 5; i++) {
            assertThat(order.get(i - 1)[0]).as("the earliest deadline of number %d", i).isLessThanOrEqualTo(order.get(i)[1]);
        }
    }

    @Test
    void loopThatWaitsIsAsleep() throws Exception {
        executor.submit(async(() -> {
            await(Timer.sleep(Duration.ofMillis(1))); // the ring is open
            long before = executor.reactor().counters().get(Count.ENTERS);
            await(Timer.sleep(Duration.ofMillis(20)));
            assertThat(executor.reactor().counters().get(Count.ENTERS) - before).isLessThan(20);
        })).join();
    }

    @Test
    void periodicTimerTicks() throws Exception {
        executor.submit(async(() -> {
            try (TimerFd timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1))) {
                for (int ticks = 0; ticks < 10;) {
                    ticks += await(timer.expirations());
                }
            }
        })).join();
    }

    @Test
    void eventsOfAnotherThreadWakeTheLoop() throws Exception {
        CompletableFuture<EventFd> made = new CompletableFuture<>();
        CompletableFuture<Void> taken = new CompletableFuture<>();
        Thread other = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 100; i++) {
                made.join().signal();
            }
            taken.join();
            for (int i = 0; i < 100; i++) { // while the loop sleeps or is about to
                CompletableFuture<Void> ran = new CompletableFuture<>();
                executor.execute(() -> ran.complete(null));
                ran.join();
            }
            made.join().signal();
        });
        executor.submit(async(() -> {
            try (EventFd event = EventFd.semaphore()) {
                made.complete(event);
                for (int i = 0; i < 100; i++) {
                    assertThat(await(event.take())).isEqualTo(1);
                }
                taken.complete(null);
                assertThat(await(event.take())).isEqualTo(1);
            }
        })).join();
        other.join();
    }

    @Test
    void filesKeepWhatIsWritten() throws Exception {
        executor.submit(async(() -> {
            try (File file = await(File.create(directory.resolve("file"))); Buffer out = Buffer.allocate(10_000);
                    Buffer in = Buffer.allocate(10_000)) {
                byte[] bytes = new byte[10_000];
                new Random(1).nextBytes(bytes);
                out.segment().copyFrom(MemorySegment.ofArray(bytes));
                assertThat(await(file.write(out, 0, 10_000))).isEqualTo(10_000);
                await(file.sync(true));
                assertThat(await(file.size())).isEqualTo(10_000);
                assertThat(await(file.readAt(in, 4000))).isEqualTo(6000);
                assertThat(in.segment().asSlice(0, 6000).toArray(JAVA_BYTE))
                        .isEqualTo(Arrays.copyOfRange(bytes, 4000, 10_000));
            }
        })).join();
    }

    @Test
    void cancelledOperationsEndAndLoseNothing() throws Exception {
        executor.submit(async(() -> {
            try (TcpListener listener = TcpListener.bind(ANY); Buffer in = Buffer.allocate(10);
                    Buffer out = Buffer.allocate(1)) {
                assertThat(await(Async.<Object>select(listener.accept(), Timer.sleep(Duration.ofMillis(1))))).isNull();
                TcpStream client = await(TcpStream.connect(listener.localAddress()));
                TcpStream server = await(listener.accept());
                for (byte i = 0; i < 20; i++) {
                    JoinHandle<Integer> reading = Executor.spawn(client.read(in));
                    if (i % 2 == 0) {
                        await(Timer.sleep(Duration.ofNanos(1))); // submitted
                    }
                    out.segment().set(JAVA_BYTE, 0, i);
                    await(server.write(out, 0, 1));
                    reading.abort();
                    try {
                        await(reading);
                    } catch (CancellationException gone) {
                        assertThat(await(client.read(in))).isEqualTo(1);
                    }
                    assertThat(in.segment().get(JAVA_BYTE, 0)).isEqualTo(i);
                }
                client.close();
                server.close();
            }
        })).join();
    }

    @Test
    void closeEndsOperationsInFlight() throws Exception {
        JoinHandle<Void> waiting = executor.submit(async(() -> {
            try (TcpListener listener = TcpListener.bind(ANY); UdpSocket udp = UdpSocket.bind(ANY);
                    EventFd event = EventFd.counter(); Buffer in = Buffer.allocate(10)) {
                await(Async.<Object>select(listener.accept(), udp.receive(in), event.take(), Timer.sleep(LONG)));
            }
        }));
        while (executor.reactor().counters().get(Count.IN_FLIGHT) < 3) {
            executor.turn();
        }
        executor.close();
        assertThat(waiting.poll(() -> {})).isTrue();
    }
}
