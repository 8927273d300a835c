package io.trale;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.sync.EventFd;
import io.trale.sync.Mutex;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A cancel of a future whose result was taken has no effect: it neither closes the value nor cancels another use of the same
/// object. For every class of futures.
@Timeout(60)
class CancelAfterResultTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /// Creates a future. Called for the future that is cancelled late, and again for the next use if there is one.
    private interface Maker {
        Future<?> make(CancelAfterResultTest test, Buffer buffer) throws Exception;
    }

    private record Kind(String name, boolean hasNext, Maker maker) {

        @Override
        public String toString() {
            return name;
        }
    }

    private static Kind kind(String name, Maker maker) {
        return new Kind(name, true, maker);
    }

    /// For an object that returns the same future for every operation.
    private static Kind own(String name, Maker maker) {
        return new Kind(name, false, maker);
    }

    private static List<Kind> kinds() {
        return List.of(
                kind("Open", (test, buffer) -> File.open(Path.of("/file"))),
                kind("Mkdir", (test, buffer) -> File.mkdir(Path.of("/directory" + test.directories++))),
                own("CursorIo", (test, buffer) -> test.file.read(buffer)),
                kind("Use", (test, buffer) -> test.file.readAt(buffer, 0)),
                kind("Size", (test, buffer) -> test.file.size()),
                kind("Sync", (test, buffer) -> test.file.sync(true)),
                kind("Connect", (test, buffer) -> TcpStream.connect(new InetSocketAddress(ANY.getAddress(), 7))),
                kind("ConnectTo", (test, buffer) -> test.udp.connect(test.udp.localAddress())),
                kind("Accept", (test, buffer) -> test.listener.accept()),
                own("Receive", (test, buffer) -> test.stream.read(buffer)),
                own("Send", (test, buffer) -> test.stream.write(buffer, 0, 1)),
                own("ReceiveFrom", (test, buffer) -> test.udp.receive(buffer)),
                own("SendTo", (test, buffer) -> test.udp.sendTo(buffer, 0, 1, test.udp.localAddress())),
                kind("WriteAll", (test, buffer) -> test.stream.writeAll(buffer, 0, 1)),
                kind("Take", (test, buffer) -> test.event.take()),
                own("Expirations", (test, buffer) -> test.timer.expirations()),
                kind("Sleep", (test, buffer) -> Timer.sleep(Duration.ofMillis(1))),
                kind("Lock", (test, buffer) -> test.mutex.lock()),
                kind("Block", (test, buffer) -> Async.async(() -> Async.await(test.stream.read(buffer)))),
                kind("YieldNow", (test, buffer) -> Async.yieldNow()),
                kind("Select", (test, buffer) -> Async.select(test.stream.read(buffer), Timer.sleep(Duration.ofDays(1)))),
                kind("Join", (test, buffer) -> Async.join(test.stream.read(buffer), File.open(Path.of("/file")))),
                kind("Timeout", (test, buffer) -> Async.timeout(test.stream.read(buffer), Duration.ofDays(1))),
                kind("Task", (test, buffer) -> test.executor.submit(test.stream.read(buffer))));
    }

    private final SimKernel kernel = new SimKernel(0).strict();
    private final Buffer first = Buffer.allocate(10);
    private final Buffer second = Buffer.allocate(10);
    private Executor executor;
    private JoinHandle<Void> busy;
    private TcpListener listener;
    private SimPeer peer;
    private TcpStream stream;
    private UdpSocket udp;
    private File file;
    private EventFd event;
    private TimerFd timer;
    private Mutex<String> mutex;
    private int directories;

    @BeforeEach
    void oneOfEach() throws Exception {
        executor = Executor.open(kernel, ExecutorOptions.defaults());
        busy = executor.submit(Timer.sleep(Duration.ofDays(2))); // keeps the ring open between steps
        listener = TcpListener.bind(ANY);
        peer = kernel.connectTo(listener.localAddress());
        stream = run(listener.accept());
        udp = UdpSocket.bind(ANY);
        file = run(File.open(Path.of("/file"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
        event = EventFd.semaphore();
        timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1));
        mutex = new Mutex<>("");
        kernel.listenOn(7, other -> { });
    }

    @AfterEach
    void nothingIsLeft() {
        busy.abort();
        listener.close();
        stream.close();
        udp.close();
        file.close();
        event.close();
        timer.close();
        executor.close();
        first.close();
        second.close();
        assertThat(kernel.openDescriptors()).isZero();
        kernel.assertQuiescent();
    }

    private <T> T run(Future<T> future) throws Exception {
        return executor.submit(future).join();
    }

    /// Makes every event happen that a future may wait for.
    private void provide() throws Exception {
        peer.send(new byte[] {1});
        event.signal();
        kernel.connectTo(listener.localAddress());
        run(udp.sendTo(first, 0, 1, udp.localAddress()));
    }

    private static void release(Object value) throws Exception {
        switch (value) {
            case AutoCloseable closeable -> closeable.close();
            case List<?> values -> {
                for (Object each : values) {
                    release(each);
                }
            }
            case null, default -> { }
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void lateCancelHasNoEffect(Kind kind) throws Exception {
        provide();
        Future<?> late = kind.maker.make(this, first);
        Object value = run(late);
        int descriptors = kernel.openDescriptors();
        long cancels = executor.stats().cancels();
        if (value instanceof Mutex<?>.Guard) {
            late.cancel();
            JoinHandle<?> next = executor.submit(kind.maker.make(this, second));
            executor.turn();
            assertThat(next.isDone()).as("still locked").isFalse();
            release(value);
            release(next.join());
            return;
        }
        JoinHandle<?> next = kind.hasNext ? executor.submit(kind.maker.make(this, second)) : null;
        executor.turn();
        late.cancel();
        late.cancel();
        assertThat(executor.stats().cancels()).as("cancels").isEqualTo(cancels);
        if (next != null) {
            provide();
            release(next.join());
        }
        executor.turn();
        executor.turn();
        assertThat(kernel.openDescriptors()).as("descriptors").isEqualTo(descriptors);
        release(value);
    }

    @Test
    void lateCancelOfASelectDoesNotReachTheNextUseOfALoser() throws Exception {
        Future<?> late = Async.select(Async.yieldNow(), stream.read(first));
        run(late);
        JoinHandle<Integer> next = executor.submit(stream.read(second));
        executor.turn();
        late.cancel();
        peer.send(new byte[] {1});
        assertThat(next.join()).isOne();
    }

    @Test
    void cancelledSelectReleasesItsValue() throws Exception {
        Future<File> select = Async.select(File.open(Path.of("/file")));
        int descriptors = kernel.openDescriptors();
        while (!select.poll(() -> { })) {
            executor.turn();
        }
        select.cancel();
        while (executor.stats().inFlight() > 0) { // the file is closed through the ring
            executor.turn();
        }
        assertThat(kernel.openDescriptors()).isEqualTo(descriptors);
    }

    @Test
    void everyClassOfFuturesIsTried() throws Exception {
        Path classes = Path.of(Future.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Set<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path path : (Iterable<Path>) files.filter(each -> each.toString().endsWith(".class"))::iterator) {
                String name = classes.relativize(path).toString().replace(".class", "").replace('/', '.');
                if (name.startsWith("io.trale.")) {
                    Class<?> type = Class.forName(name, false, Future.class.getClassLoader());
                    if (Future.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())
                            && !type.isAnonymousClass()) {
                        found.add(type.getSimpleName());
                    }
                }
            }
        }
        Set<String> tried = kinds().stream().map(Kind::name).collect(Collectors.toSet());
        assertThat(tried).isEqualTo(found);
    }
}
