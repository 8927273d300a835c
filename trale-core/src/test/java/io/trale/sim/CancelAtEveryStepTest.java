package io.trale.sim;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.Datagram;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.sync.EventFd;
import io.trale.sync.Mutex;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Each future is given up by another thread inside the first call that the loop makes, and again inside the second, and
/// so on to the last: nothing is lost, nothing is left. With rings of one entry and of many, and
/// with kernels that are prompt and that are late.
@Timeout(120)
class CancelAtEveryStepTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /// What is given up, and what comes before and after that.
    private abstract static class Scenario<T> {

        SimKernel kernel;
        Executor executor;

        /// Prepares. Resources are closed by [#after].
        abstract Future<T> future() throws Exception;

        /// `value` is what the future has brought, or null if it was given up.
        abstract void after(T value) throws Exception;

        final <V> V run(Future<V> future) throws Exception {
            return executor.submit(future).join();
        }
    }

    private interface Maker<T> {
        Scenario<T> make();
    }

    private static <T> void atEveryStep(Maker<T> maker) throws Exception {
        Faults late = Faults.NONE.with(Fault.LATE, Fault.LOST_CANCEL, Fault.PARTIAL_SUBMISSION, Fault.HICCUP);
        for (ExecutorOptions options : List.of(ExecutorOptions.defaults(), ExecutorOptions.defaults().ringEntries(1, 2))) {
            atEveryStep(maker, options, 0, Faults.NONE);
            for (long seed = 1; seed < 6; seed++) {
                atEveryStep(maker, options, seed, late);
            }
        }
    }

    private static <T> void atEveryStep(Maker<T> maker, ExecutorOptions options, long seed, Faults faults) throws Exception {
        for (long step = 1;; step++) {
            SimKernel kernel = new SimKernel(seed).strict().faults(faults);
            boolean[] reached = new boolean[1];
            long call = step;
            Seeds.run(kernel, options, executor -> {
                Scenario<T> scenario = maker.make();
                scenario.kernel = kernel;
                scenario.executor = executor;
                JoinHandle<T> handle = executor.submit(scenario.future());
                kernel.foreignInCall(call, () -> {
                    reached[0] = true;
                    handle.abort();
                });
                T value = null;
                try {
                    value = handle.join();
                } catch (CancellationException e) {
                    assertThat(reached[0]).isTrue();
                }
                scenario.after(value);
            });
            if (!reached[0]) {
                assertThat(step).as("steps").isGreaterThan(1);
                return;
            }
        }
    }

    // ---- TCP

    @Test
    void connect() throws Exception {
        atEveryStep(() -> new Scenario<TcpStream>() {
            private final List<SimPeer> peers = new ArrayList<>();

            @Override
            Future<TcpStream> future() {
                kernel.listenOn(7, peers::add);
                return TcpStream.connect(new InetSocketAddress(ANY.getAddress(), 7));
            }

            @Override
            void after(TcpStream stream) {
                if (stream != null) {
                    stream.close();
                }
                kernel.elapse(10_000_000);
                assertThat(peers).allMatch(SimPeer::sawEnd);
            }
        });
    }

    @Test
    void accept() throws Exception {
        atEveryStep(() -> new Scenario<TcpStream>() {
            private TcpListener listener;

            @Override
            Future<TcpStream> future() throws Exception {
                listener = TcpListener.bind(ANY);
                kernel.connectTo(listener.localAddress());
                return listener.accept();
            }

            @Override
            void after(TcpStream stream) throws Exception {
                (stream != null ? stream : run(listener.accept())).close(); // the connection is the next one's
                listener.close();
            }
        });
    }

    /// A connection to somebody outside.
    private abstract static class Connected<T> extends Scenario<T> {

        final Buffer buffer = Buffer.allocate(100);
        TcpListener listener;
        SimPeer peer;
        TcpStream stream;

        void open() throws Exception {
            listener = TcpListener.bind(ANY);
            peer = kernel.connectTo(listener.localAddress());
            stream = run(listener.accept());
        }

        void close() {
            stream.close();
            listener.close();
            buffer.close();
        }
    }

    @Test
    void read() throws Exception {
        atEveryStep(() -> new Connected<Integer>() {
            @Override
            Future<Integer> future() throws Exception {
                open();
                peer.send(new byte[] {1, 2, 3});
                return stream.read(buffer);
            }

            @Override
            void after(Integer count) throws Exception {
                Buffer in = Buffer.allocate(100);
                int received = count == null ? run(stream.read(in)) : count;
                assertThat((count == null ? in : buffer).segment().asSlice(0, received).toArray(JAVA_BYTE))
                        .containsExactly(1, 2, 3);
                in.close();
                close();
            }
        });
    }

    @Test
    void write() throws Exception {
        atEveryStep(() -> new Connected<Integer>() {
            @Override
            Future<Integer> future() throws Exception {
                open();
                return stream.write(buffer, 0, 100);
            }

            @Override
            void after(Integer count) throws Exception {
                Buffer out = Buffer.allocate(1);
                out.segment().set(JAVA_BYTE, 0, (byte) 7);
                run(stream.write(out, 0, 1)); // after what the other has sent
                stream.shutdownOutput();
                kernel.elapse(10_000_000);
                byte[] received = peer.received();
                assertThat(received.length - 1).isIn(0, 100);
                assertThat(received[received.length - 1]).isEqualTo((byte) 7);
                out.close();
                close();
            }
        });
    }

    // ---- UDP

    @Test
    void receiveFrom() throws Exception {
        atEveryStep(() -> new Scenario<Datagram>() {
            private final Buffer in = Buffer.allocate(10);
            private final Buffer other = Buffer.allocate(10);
            private UdpSocket socket;

            @Override
            Future<Datagram> future() throws Exception {
                socket = UdpSocket.bind(ANY);
                run(socket.sendTo(other, 0, 5, socket.localAddress()));
                return socket.receive(in);
            }

            @Override
            void after(Datagram datagram) throws Exception {
                assertThat((datagram != null ? datagram : run(socket.receive(other))).length()).isEqualTo(5);
                socket.close();
                in.close();
                other.close();
            }
        });
    }

    @Test
    void sendTo() throws Exception {
        atEveryStep(() -> new Scenario<Integer>() {
            private final Buffer out = Buffer.allocate(10);
            private final Buffer other = Buffer.allocate(10);
            private UdpSocket socket;

            @Override
            Future<Integer> future() throws Exception {
                socket = UdpSocket.bind(ANY);
                return socket.sendTo(out, 0, 5, socket.localAddress());
            }

            @Override
            void after(Integer count) throws Exception {
                run(socket.sendTo(other, 0, 7, socket.localAddress()));
                assertThat(run(socket.receive(other)).size()).isIn(5, 7);
                socket.close();
                out.close();
                other.close();
            }
        });
    }

    // ---- files

    @Test
    void openOfAFile() throws Exception {
        atEveryStep(() -> new Scenario<File>() {
            @Override
            Future<File> future() {
                return File.create(Path.of("/file"));
            }

            @Override
            void after(File file) {
                if (file != null) {
                    file.close();
                }
            }
        });
    }

    /// A file with three bytes in it.
    private abstract static class Filed<T> extends Scenario<T> {

        final Buffer buffer = Buffer.allocate(10);
        final Buffer other = Buffer.allocate(10);
        File file;

        void open() throws Exception {
            file = run(File.create(Path.of("/file")));
            other.segment().asSlice(0, 3).fill((byte) 5);
            run(file.writeAt(other, 0, 3, 0));
        }

        void close() {
            file.close();
            buffer.close();
            other.close();
        }
    }

    @Test
    void readAtTheCursor() throws Exception {
        atEveryStep(() -> new Filed<Integer>() {
            @Override
            Future<Integer> future() throws Exception {
                open();
                return file.read(buffer);
            }

            @Override
            void after(Integer count) throws Exception {
                assertThat(file.position()).isEqualTo(count == null ? 0 : 3);
                assertThat(run(file.read(other))).isEqualTo(count == null ? 3 : 0);
                close();
            }
        });
    }

    @Test
    void writeAtTheCursor() throws Exception {
        atEveryStep(() -> new Filed<Integer>() {
            @Override
            Future<Integer> future() throws Exception {
                open();
                return file.write(buffer, 0, 2);
            }

            @Override
            void after(Integer count) throws Exception {
                assertThat(file.position()).isEqualTo(count == null ? 0 : 2);
                run(file.writeAt(other, 0, 3, 0));
                assertThat(kernel.disk.bytes("/file")).containsExactly(5, 5, 5);
                close();
            }
        });
    }

    @Test
    void readAndSyncAndSize() throws Exception {
        atEveryStep(() -> new Filed<List<Object>>() {
            @Override
            Future<List<Object>> future() throws Exception {
                open();
                return Async.join(file.readAt(buffer, 0), file.sync(true), file.size());
            }

            @Override
            void after(List<Object> results) {
                if (results != null) {
                    assertThat(results).containsExactly(3, null, 3L);
                }
                close();
            }
        });
    }

    // ---- timers, events, the mutex

    @Test
    void sleep() throws Exception {
        atEveryStep(() -> new Scenario<Void>() {
            @Override
            Future<Void> future() {
                return Timer.sleep(Duration.ofMillis(1));
            }

            @Override
            void after(Void nothing) {
                assertThat(executor.reactor().deadlines().size()).isZero();
            }
        });
    }

    @Test
    void expirations() throws Exception {
        atEveryStep(() -> new Scenario<Integer>() {
            private TimerFd timer;
            private long start;

            @Override
            Future<Integer> future() throws Exception {
                start = kernel.nanoTime();
                timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1));
                return timer.expirations();
            }

            @Override
            void after(Integer before) throws Exception {
                long counted = (before == null ? 0 : before) + run(timer.expirations());
                assertThat(counted).isBetween(1L, (kernel.nanoTime() - start) / 1_000_000);
                timer.close();
            }
        });
    }

    @Test
    void takeOfASignal() throws Exception {
        atEveryStep(() -> new Scenario<Integer>() {
            private EventFd event;

            @Override
            Future<Integer> future() throws Exception {
                event = EventFd.semaphore();
                event.signal();
                return event.take();
            }

            @Override
            void after(Integer count) throws Exception {
                assertThat(count == null ? run(event.take()) : count).isOne();
                event.close();
            }
        });
    }

    @Test
    void lockOfAMutex() throws Exception {
        atEveryStep(() -> new Scenario<Mutex<String>.Guard>() {
            private final Mutex<String> mutex = new Mutex<>("");

            @Override
            Future<Mutex<String>.Guard> future() throws Exception {
                Mutex<String>.Guard first = run(mutex.lock());
                kernel.after(2_500, () -> executor.execute(first::close));
                executor.submit(Timer.sleep(Duration.ofNanos(5_000)));
                return mutex.lock();
            }

            @Override
            void after(Mutex<String>.Guard guard) throws Exception {
                if (guard != null) {
                    guard.close();
                }
                run(mutex.lock()).close();
            }
        });
    }

    // ---- blocks

    @Test
    void asyncBlock() throws Exception {
        atEveryStep(() -> new Connected<Integer>() {
            private boolean begun;
            private boolean unwound;

            @Override
            Future<Integer> future() throws Exception {
                open();
                peer.send(new byte[] {1, 2, 3});
                return async(() -> {
                    begun = true;
                    try {
                        await(Async.yieldNow());
                        int count = await(Async.timeout(stream.read(buffer), Duration.ofSeconds(1)));
                        await(Timer.sleep(Duration.ofMillis(1)));
                        return count;
                    } finally {
                        try {
                            await(Timer.sleep(Duration.ofMillis(1)));
                        } finally {
                            unwound = true;
                        }
                    }
                });
            }

            @Override
            void after(Integer count) throws Exception {
                run(Timer.sleep(Duration.ofMillis(5))); // what was given up unwinds
                assertThat(unwound || count == null && !begun).as("unwound").isTrue();
                close();
            }
        });
    }
}
