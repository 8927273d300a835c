package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.net.Datagram;
import io.trale.net.StreamSocket;
import io.trale.net.UdpSocket;
import io.trale.sync.EventFd;
import io.trale.sync.Mutex;
import io.trale.testing.StreamPair;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Operations allocate nothing on the loop thread once their code is compiled. The build runs this without escape analysis, so
/// that the result does not depend on the JIT. A task, a sleep, a lock, a datagram, and a future of which many may exist are
/// objects, and cost no more than that.
///
/// The JVM counts the bytes that a thread allocates. Less than half a byte per operation counts as none: the smallest object has
/// 16 bytes, so that is less than one object in 32 operations. The JVM itself may allocate so much, for example when it links a
/// call site.
@org.junit.jupiter.api.Timeout(120) // by its full name: there is a Timeout in this package
class AllocationTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int WINDOW = 10_000;
    private static final int WINDOWS = 20;
    private static final double NOTHING = 0.5;

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static final Future<Void> DONE = new Future<>() {
        @Override
        public boolean poll(Waker waker) {
            return true;
        }

        @Override
        public Void result() {
            return null;
        }
    };

    private final Buffer one = Buffer.allocate(64);
    private final Buffer two = Buffer.allocate(64);

    /// Keeps objects reachable, so that the JIT cannot remove them.
    private Object sink;

    @AfterEach
    void noExecutorIsLeft() {
        one.close();
        two.close();
        Executor.current().close();
    }

    /// The operation of a round.
    private interface Rounds {
        Future<?> next(int number) throws Exception;
    }

    /// Awaits one round after the other, until a window of rounds has allocated nothing, or until every JIT has compiled them. The
    /// value is the number of bytes per round in the best window.
    private static final class Measured implements Future<Double> {

        private final Rounds rounds;
        private Future<?> round;
        private int number;
        private long before;
        private double best = Double.MAX_VALUE;

        Measured(Rounds rounds) {
            this.rounds = rounds;
        }

        @Override
        public boolean poll(Waker waker) {
            try {
                while (true) {
                    if (round == null) {
                        if (number % WINDOW == 0) {
                            endWindow();
                        }
                        if (best < NOTHING || number == WINDOWS * WINDOW) {
                            return true;
                        }
                        round = rounds.next(number++);
                    }
                    if (!round.poll(waker)) {
                        return false;
                    }
                    if (round instanceof IntFuture count) {
                        count.resultAsInt();
                    } else {
                        round.result();
                    }
                    round = null;
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        private void endWindow() {
            long now = THREADS.getCurrentThreadAllocatedBytes();
            if (number > 0) {
                best = Math.min(best, (double) (now - before) / WINDOW);
            }
            before = now;
        }

        @Override
        public Double result() {
            return best;
        }
    }

    private static double bytesPerRound(Rounds rounds) throws Exception {
        return Executor.blockOn(new Measured(rounds));
    }

    /// Echoes received bytes.
    private static final class Echo implements Future<Void> {

        private final StreamSocket<?> stream;
        private final Buffer buffer;
        private IntFuture step;
        private boolean writing;

        Echo(StreamSocket<?> stream, Buffer buffer) {
            this.stream = stream;
            this.buffer = buffer;
            step = stream.read(buffer);
        }

        @Override
        public boolean poll(Waker waker) {
            try {
                while (step.poll(waker)) {
                    int count = step.resultAsInt();
                    step = writing ? stream.read(buffer) : stream.write(buffer, 0, count);
                    writing = !writing;
                }
                return false;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public Void result() {
            return null;
        }

        @Override
        public void cancel() {
            step.cancel();
        }
    }

    // ---- operations

    @Test
    void readsAndWritesOfStreamsAllocateNothing() throws Exception {
        StreamPair pair = Executor.blockOn(async(StreamPair::tcp));
        JoinHandle<Void> echo = Executor.spawn(new Echo(pair.other(), two));
        assertThat(bytesPerRound(i -> i % 2 == 0 ? pair.one().write(one, 0, 64) : pair.one().read(one))).isLessThan(NOTHING);
        echo.abort();
        Executor.run();
        pair.close();
    }

    @Test
    void readsAndWritesOfFilesAllocateNothing(@TempDir Path directory) throws Exception {
        File file = Executor.blockOn(File.create(directory.resolve("file")));
        assertThat(bytesPerRound(i -> {
            file.seek(0);
            return i % 2 == 0 ? file.write(one, 0, 64) : file.read(two);
        })).isLessThan(NOTHING);
        file.close();
    }

    @Test
    void sendsOfDatagramsAllocateNothing() throws Exception {
        UdpSocket to = UdpSocket.bind(ANY);
        UdpSocket from = UdpSocket.bind(ANY);
        assertThat(bytesPerRound(i -> from.sendTo(one, 0, 64, to.localAddress()))).isLessThan(NOTHING);
        Executor.blockOn(from.connect(to.localAddress()));
        assertThat(bytesPerRound(i -> from.send(one, 0, 64))).isLessThan(NOTHING);
        to.close();
        from.close();
    }

    @Test
    void periodsOfATimerAllocateNothing() throws Exception {
        try (TimerFd timer = TimerFd.start(Duration.ZERO, Duration.ofNanos(1000))) {
            assertThat(bytesPerRound(i -> timer.expirations())).isLessThan(NOTHING);
        }
    }

    @Test
    void awaitsInABlockAllocateNothing() throws Exception {
        StreamPair pair = Executor.blockOn(async(StreamPair::tcp));
        JoinHandle<Void> echo = Executor.spawn(async(() -> {
            while (true) {
                await(pair.other().write(two, 0, await(pair.other().read(two))));
            }
        }));
        assertThat(bytesPerRound(i -> i % 2 == 0 ? pair.one().write(one, 0, 64) : pair.one().read(one))).isLessThan(NOTHING);
        echo.abort();
        Executor.run();
        pair.close();
    }

    // ---- operations with an object

    @Test
    void spawnAllocatesTheTaskAndNothingElse() throws Exception {
        Executor executor = Executor.current();
        double task = bytesPerRound(i -> {
            sink = new Task<>(executor, DONE);
            return DONE;
        });
        assertThat(bytesPerRound(i -> Executor.spawn(DONE))).isCloseTo(task, within(NOTHING));
        assertThat(task).isLessThanOrEqualTo(64);
    }

    @Test
    void receiveOfADatagramAllocatesTheDatagramAndNothingElse() throws Exception {
        UdpSocket to = UdpSocket.bind(ANY);
        UdpSocket from = UdpSocket.bind(ANY);
        double datagram = bytesPerRound(i -> {
            sink = new Datagram(64, 64 + i, to.localAddress());
            return DONE;
        });
        double bytes = bytesPerRound(i -> i % 2 == 0 ? from.sendTo(one, 0, 64, to.localAddress()) : to.receive(two));
        assertThat(2 * bytes).isCloseTo(datagram, within(NOTHING));
        to.close();
        from.close();
    }

    @Test
    void readsAndWritesAtAPositionAllocateTheirFutureAndNothingElse(@TempDir Path directory) throws Exception {
        File file = Executor.blockOn(File.create(directory.resolve("file")));
        assertThat(bytesPerRound(i -> i % 2 == 0 ? file.writeAt(one, 0, 64, 0) : file.readAt(two, 0)))
                .isLessThanOrEqualTo(24 + NOTHING);
        file.close();
    }

    @Test
    void waitForASignalAllocatesItsFutureAndNothingElse() throws Exception {
        try (EventFd event = EventFd.semaphore()) {
            assertThat(bytesPerRound(i -> {
                event.signal();
                return event.take();
            })).isLessThanOrEqualTo(32 + NOTHING);
        }
    }

    @Test
    void sleepAllocatesItsFutureAndNothingElse() throws Exception {
        double sleep = bytesPerRound(i -> {
            sink = Timer.sleep(Duration.ZERO);
            return DONE;
        });
        assertThat(bytesPerRound(i -> Timer.sleep(Duration.ZERO))).isCloseTo(sleep, within(NOTHING));
        assertThat(sleep).isLessThanOrEqualTo(64);
    }

    @Test
    void lockOfAMutexAllocatesItsFutureAndItsGuard() throws Exception {
        Mutex<String> mutex = new Mutex<>("");
        assertThat(bytesPerRound(i -> {
            Future<Mutex<String>.Guard> lock = mutex.lock();
            lock.poll(() -> { });
            lock.result().close();
            return DONE;
        })).isLessThanOrEqualTo(80);
    }
}
