package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.select;
import static io.trale.task.Async.timeout;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.trale.fs.File;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.sync.EventFd;
import io.trale.sync.Mutex;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.ProcSelf;
import io.trale.testing.Signals;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/// The loop on the real kernel, with signals, wakes from other threads, and closes at any time.
@org.junit.jupiter.api.Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD) // there is a Timeout in this package
class RobustnessTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorOptions options = ExecutorOptions.defaults().uncaught(uncaught::add);

    // ---- signals

    /// Counts the enters, and those that a signal has interrupted.
    private static final class Interrupted extends InterceptedKernel {
        private final AtomicInteger enters = new AtomicInteger();
        private int interrupted;

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            enters.incrementAndGet();
            int result = super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            interrupted += result == -Errno.EINTR ? 1 : 0;
            return result;
        }
    }

    @Test
    void stormOfSignalsLosesNothing() throws Exception {
        Interrupted kernel = new Interrupted();
        Executor executor = Executor.open(kernel, options);
        int thread = Signals.currentThread();
        AtomicBoolean over = new AtomicBoolean();
        Thread storm = Thread.ofPlatform().start(() -> {
            while (!over.get()) { // one for each enter: more would only be queued
                int before = kernel.enters.get();
                Signals.interrupt(thread);
                while (kernel.enters.get() == before && !over.get()) {
                    Thread.onSpinWait();
                }
            }
        });
        try {
            Executor.blockOn(async(() -> pingPong(kernel)));
        } finally {
            over.set(true);
            storm.join();
        }
        executor.close();
        assertThat(executor.stats().unknown()).isZero();
        assertThat(uncaught).isEmpty();
    }

    /// Sends numbers back and forth, and sleeps in between, until enough calls were interrupted.
    private static void pingPong(Interrupted kernel) throws Exception {
        TcpListener listener = TcpListener.bind(ANY);
        JoinHandle<TcpStream> connecting = Executor.spawn(TcpStream.connect(listener.localAddress()));
        TcpStream server = await(listener.accept());
        TcpStream client = await(connecting);
        Buffer out = Buffer.allocate(4);
        Buffer in = Buffer.allocate(4);
        for (int i = 0; i < 500 || kernel.interrupted < 100; i++) {
            out.segment().set(JAVA_INT, 0, i);
            JoinHandle<Integer> reading = Executor.spawn(server.read(in));
            await(Timer.sleep(Duration.ofNanos(50_000)));
            await(client.write(out, 0, 4));
            assertThat(await(reading)).isEqualTo(4);
            assertThat(in.segment().get(JAVA_INT, 0)).isEqualTo(i);
        }
        client.close();
        server.close();
        listener.close();
        out.close();
        in.close();
    }

    // ---- wakers

    @Test
    void concurrentWakesCauseAtMostOnePollEach() throws Exception {
        try (Executor executor = Executor.start("loop", options)) {
            AtomicReference<Waker> current = new AtomicReference<>(() -> { });
            AtomicBoolean over = new AtomicBoolean();
            List<Thread> wakers = IntStream.range(0, 3).mapToObj(i -> Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    current.get().wake();
                }
            })).toList();
            for (int round = 0; round < 1000; round++) {
                AtomicInteger polls = new AtomicInteger();
                ScriptedFuture<Integer> future = new ScriptedFuture<Integer>(waker -> polls.incrementAndGet() == 20).value(round);
                JoinHandle<Integer> task = executor.submit(future);
                current.set((Waker) task);
                assertThat(task.join()).isEqualTo(round);
                assertThat(polls.get()).as("none after the end").isEqualTo(20);
            }
            over.set(true);
            for (Thread waker : wakers) {
                waker.join();
            }
        }
        assertThat(uncaught).isEmpty();
    }

    // ---- closing

    @Test
    void closeWithEverythingInFlightLeavesNothing(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        long before = ProcSelf.descriptors();
        Executor executor = Executor.start("loop", options);
        List<Buffer> buffers = new ArrayList<>();
        List<JoinHandle<?>> waiting = new ArrayList<>();
        List<String> unwound = Collections.synchronizedList(new ArrayList<>());
        executor.submit(async(() -> {
            TcpListener listener = TcpListener.bind(ANY);
            JoinHandle<TcpStream> connecting = Executor.spawn(TcpStream.connect(listener.localAddress()));
            TcpStream server = await(listener.accept());
            TcpStream client = await(connecting);
            UdpSocket udp = UdpSocket.bind(ANY);
            EventFd event = EventFd.semaphore();
            TimerFd timer = TimerFd.start(Duration.ofDays(1), Duration.ZERO);
            Mutex<String> mutex = new Mutex<>("");
            await(mutex.lock()); // never unlocked
            File file = await(File.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE));
            for (int bytes : new int[] {16, 64 << 20, 16, 16}) {
                buffers.add(Buffer.allocate(bytes));
            }
            waiting.add(Executor.spawn(listener.accept()));
            waiting.add(Executor.spawn(client.read(buffers.get(0))));
            waiting.add(Executor.spawn(client.writeAll(buffers.get(1), 0, 64 << 20))); // more than sockets hold
            waiting.add(Executor.spawn(timeout(udp.receive(buffers.get(2)), Duration.ofDays(1))));
            waiting.add(Executor.spawn(select(event.take(), timer.expirations())));
            waiting.add(Executor.spawn(join(Timer.sleep(Duration.ofDays(1)), Timer.sleep(Duration.ofDays(2)))));
            waiting.add(Executor.spawn(file.read(buffers.get(3))));
            waiting.add(Executor.spawn(mutex.lock()));
            waiting.add(Executor.spawn(async(() -> {
                try {
                    await(async(() -> await(Timer.sleep(Duration.ofDays(3)))));
                } finally {
                    await(Timer.sleep(Duration.ofNanos(1)));
                    unwound.add("a block that awaited a block");
                    listener.close();
                    client.close();
                    server.close();
                    udp.close();
                    event.close();
                    timer.close();
                    file.close();
                }
            })));
        })).join();
        CountDownLatch polled = new CountDownLatch(1);
        executor.execute(polled::countDown);
        polled.await();
        executor.close();
        for (JoinHandle<?> handle : waiting) {
            assertThat(catchThrowable(handle::join)).as("task %d", waiting.indexOf(handle))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(unwound).hasSize(1);
        buffers.forEach(Buffer::segment); // all are owned by us again
        buffers.forEach(Buffer::close);
        assertThat(executor.stats().inFlight()).isZero();
        assertThat(executor.stats().unknown()).isZero();
        assertThat(ProcSelf.descriptors()).isEqualTo(before);
        assertThat(uncaught).isEmpty();
    }

    // ---- many executors

    @Test
    void executorsOfOneProcessWorkForEachOther() throws Exception {
        try (Executor one = Executor.start("one", options); Executor two = Executor.start("two", options)) {
            int sum = one.submit(async(() -> {
                int n = 0;
                for (int i = 0; i < 1000; i++) {
                    int before = n;
                    n = await(two.submit(async(() -> before + await(one.submit(ScriptedFuture.ready(1))))));
                }
                return n;
            })).join();
            assertThat(sum).isEqualTo(1000);
            EventFd event = one.submit(async(EventFd::semaphore)).join();
            JoinHandle<Integer> taken = one.submit(async(() -> {
                int count = 0;
                while (count < 1000) {
                    count += await(event.take());
                }
                event.close();
                return count;
            }));
            two.submit(async(() -> {
                for (int i = 0; i < 1000; i++) {
                    event.signal();
                }
            })).join();
            assertThat(taken.join()).isEqualTo(1000);
            assertThat(one.stats().unknown() + two.stats().unknown()).isZero();
        }
        assertThat(uncaught).isEmpty();
    }

    @Test
    void aThousandStartsAndClosesLeakNoDescriptorNoThreadAndNoMemory() throws Exception {
        startAndClose(200); // the JVM allocates memory for itself at first
        long descriptors = ProcSelf.descriptors();
        long threads = ProcSelf.threads();
        long mappings = ProcSelf.mappings();
        long resident = ProcSelf.residentBytes();
        long heap = liveHeap();
        startAndClose(1000);
        assertThat(ProcSelf.descriptors()).isEqualTo(descriptors);
        assertThat(ProcSelf.threads() - threads).as("more threads").isLessThan(100);
        assertThat(ProcSelf.mappings() - mappings).as("more mappings").isLessThan(500);
        assertThat(liveHeap() - heap).as("more heap, in bytes").isLessThan(1000 * 1000);
        assertThat(ProcSelf.residentBytes() - resident).as("more memory, in bytes").isLessThan(64 << 20);
        assertThat(uncaught).isEmpty();
    }

    /// The minimum of several measurements: one collection does not free everything, for example what a cleaner frees.
    private static long liveHeap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    /// Each executor has buffers and an operation in flight; every other one also completes an operation.
    private void startAndClose(int count) throws Exception {
        List<Thread> threads = new ArrayList<>();
        ExecutorOptions options = this.options.threadFactory(body -> {
            threads.add(Thread.ofPlatform().unstarted(body));
            return threads.getLast();
        });
        for (int i = 0; i < count; i++) {
            Executor executor = Executor.start("loop " + i, options);
            executor.execute(() -> {
                executor.reactor().pools().receiveGroup();
                executor.reactor().pools().sendBlocks().segment(0).fill((byte) 1);
            });
            EventfdFuture signal = EventfdFuture.of(executor.reactor());
            JoinHandle<Integer> waiting = executor.submit(signal);
            JoinHandle<Void> block = executor.submit(async(() -> await(Timer.sleep(Duration.ofDays(1)))));
            if (i % 2 == 0) {
                signal.raise();
                waiting.join();
            }
            executor.close();
            assertThat(waiting.isDone()).isTrue();
            assertThat(block.isDone()).isTrue();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
