package io.trale.task;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.testing.ConnectionScripts;
import io.trale.testing.ImpatientFuture;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// TCP futures on an executor under random schedules, with queues and pools of every size, without some capabilities: nothing is
/// lost or leaked, and all memory is accessed by its owner only.
@Timeout(120)
class ExecutorScheduleTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "ExecutorScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    @Test
    void everyByteOfPeersIsEchoed() {
        run("everyByteOfPeersIsEchoed", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.EXHAUSTION, Fault.HICCUP));
            SplittableRandom random = kernel.random();
            int count = 1 + random.nextInt(8);
            List<SimPeer> peers = new ArrayList<>();
            List<byte[]> sent = new ArrayList<>();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                for (int i = 0; i < count; i++) {
                    sent.add(ConnectionScripts.pattern(random, random.nextInt(1000)));
                    peers.add(kernel.connectTo(listener.localAddress()).send(sent.get(i)).finish());
                }
                executor.submit(new ConnectionScripts.EchoServer(listener, count, 1 + random.nextInt(200))).join();
                // The last bytes may not have arrived.
                kernel.elapse(1_000_000_000);
            });
            for (int i = 0; i < count; i++) {
                assertThat(peers.get(i).errno()).isZero();
                assertThat(peers.get(i).sawEnd()).isTrue();
                assertThat(peers.get(i).received()).isEqualTo(sent.get(i));
            }
        });
    }

    /// Connects, writes and reads at the same time, and compares.
    private static final class Client extends Script {

        private final InetSocketAddress address;
        private final byte[] bytes;
        private final int bufferBytes;
        private TcpStream stream;
        private ConnectionScripts.Reader reader;
        private JoinHandle<Void> writing;

        Client(InetSocketAddress address, byte[] bytes, int bufferBytes) {
            this.address = address;
            this.bytes = bytes;
            this.bufferBytes = bufferBytes;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last == null) {
                return TcpStream.connect(address);
            }
            if (stream == null) {
                stream = (TcpStream) last.result();
                writing = Executor.spawn(new ConnectionScripts.Writer(stream, bytes, bufferBytes));
                reader = new ConnectionScripts.Reader(stream, bufferBytes);
                return reader;
            }
            last.result();
            if (last == reader) {
                return writing;
            }
            stream.close();
            assertThat(reader.bytes.toByteArray()).isEqualTo(bytes);
            return null;
        }
    }

    @Test
    void everyByteOfClientsIsEchoed() {
        run("everyByteOfClientsIsEchoed", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            SplittableRandom random = kernel.random();
            int count = 1 + random.nextInt(5);
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                List<JoinHandle<Void>> clients = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    clients.add(executor.submit(new Client(listener.localAddress(),
                            ConnectionScripts.pattern(random, random.nextInt(1000)), 1 + random.nextInt(200))));
                }
                executor.submit(new ConnectionScripts.EchoServer(listener, count, 1 + random.nextInt(200))).join();
                for (JoinHandle<Void> client : clients) {
                    client.join();
                }
            });
        });
    }

    @Test
    void brokenConnectionsLoseOnlyTheirEnd() {
        run("brokenConnectionsLoseOnlyTheirEnd", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            int count = 1 + random.nextInt(8);
            List<SimPeer> peers = new ArrayList<>();
            List<byte[]> sent = new ArrayList<>();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                for (int i = 0; i < count; i++) {
                    sent.add(ConnectionScripts.pattern(random, random.nextInt(1000)));
                    SimPeer peer = kernel.connectTo(listener.localAddress()).send(sent.get(i)).finish();
                    peers.add(peer);
                    if (random.nextInt(3) == 0) {
                        kernel.after(random.nextLong(2_000_000), random.nextBoolean() ? peer::close : peer::reset);
                    }
                }
                JoinHandle<Void> server =
                        executor.submit(new ConnectionScripts.EchoServer(listener, Integer.MAX_VALUE, 1 + random.nextInt(200)));
                SettableFuture closing = new SettableFuture();
                kernel.foreignAfter(1 + random.nextLong(4_000_000), () -> executor.execute(closing::set));
                executor.submit(closing).join();
                if (random.nextBoolean()) {
                    server.abort();
                }
            });
            for (int i = 0; i < count; i++) {
                byte[] received = peers.get(i).received();
                assertThat(received).isEqualTo(Arrays.copyOf(sent.get(i), received.length));
            }
        });
    }

    @Test
    void bytesOfCancelledReadsGoToTheNext() {
        run("bytesOfCancelledReadsGoToTheNext", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP, 0.05));
            SplittableRandom random = kernel.random();
            byte[] sent = ConnectionScripts.pattern(random, random.nextInt(500));
            boolean breaking = random.nextInt(4) == 0;
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private final Buffer[] buffers = {Buffer.allocate(1 + random.nextInt(100)), Buffer.allocate(10)};
                private TcpListener listener;
                private SimPeer peer;
                private TcpStream stream;
                private Buffer buffer;
                private IntFuture read;

                @Override
                protected Future<?> next(Future<?> last) throws Exception {
                    if (listener == null) {
                        listener = TcpListener.bind(ANY);
                        peer = kernel.connectTo(listener.localAddress()).send(sent);
                        return listener.accept();
                    }
                    if (stream == null) {
                        stream = (TcpStream) last.result();
                        if (breaking) {
                            kernel.after(random.nextLong(3_000_000), peer::reset);
                        } else {
                            peer.finish();
                        }
                    } else if ((Boolean) last.result()) {
                        int count = 0;
                        try {
                            count = read.resultAsInt();
                            assertThat(breaking && count == 0).as("the end in good order").isFalse();
                        } catch (ErrnoException e) {
                            assertThat(e.errno()).isEqualTo(Errno.ECONNRESET);
                            assertThat(breaking).isTrue();
                        }
                        if (count == 0) {
                            stream.close();
                            listener.close();
                            Arrays.asList(buffers).forEach(Buffer::close);
                            return null;
                        }
                        received.write(buffer.segment().asSlice(0, count).toArray(JAVA_BYTE), 0, count);
                    }
                    buffer = buffers[random.nextInt(2)];
                    read = stream.read(buffer);
                    return new ImpatientFuture(kernel, read);
                }
            });
            assertThat(received.toByteArray()).isEqualTo(breaking ? Arrays.copyOf(sent, received.size()) : sent);
        });
    }

    /// Accepts all connections, with random cancels, and closes them.
    private static final class Accepting extends Script {

        private final SimKernel kernel;
        private final TcpListener listener;
        private final int[] left;
        private final SettableFuture done;
        private final int rounds;
        private Future<TcpStream> accept;
        private int round;

        Accepting(SimKernel kernel, TcpListener listener, int[] left, SettableFuture done, int rounds) {
            this.kernel = kernel;
            this.listener = listener;
            this.left = left;
            this.done = done;
            this.rounds = rounds;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last == accept && last != null || last instanceof ImpatientFuture i && i.result()) {
                accept.result().close();
                if (--left[0] == 0) {
                    done.set();
                }
            }
            if (left[0] == 0 || round++ == rounds) {
                return null;
            }
            accept = listener.accept();
            return rounds < Integer.MAX_VALUE ? new ImpatientFuture(kernel, accept) : accept;
        }
    }

    @Test
    void connectionsOfCancelledAcceptsGoToTheNext() {
        run("connectionsOfCancelledAcceptsGoToTheNext", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            int[] left = {1 + kernel.random().nextInt(5)};
            SettableFuture done = new SettableFuture();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                for (int i = 0; i < left[0]; i++) {
                    kernel.connectTo(listener.localAddress());
                }
                List<JoinHandle<Void>> tasks = new ArrayList<>();
                for (int rounds : new int[] {10, Integer.MAX_VALUE, 10, 10}) {
                    tasks.add(executor.submit(new Accepting(kernel, listener, left, done, rounds)));
                }
                executor.submit(done).join();
                listener.close();
                tasks.forEach(JoinHandle::abort);
            });
        });
    }

    @Test
    void connectsAndWritesMayBeCancelledAtAnyTime() {
        run("connectsAndWritesMayBeCancelledAtAnyTime", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            List<SimPeer> peers = new ArrayList<>();
            kernel.listenOn(7, peers::add);
            Seeds.run(kernel, Seeds.options(kernel), new Script() {
                private final Buffer buffer = Buffer.allocate(100);
                private Future<TcpStream> connect;
                private TcpStream stream;
                private int rounds = 10;

                @Override
                protected Future<?> next(Future<?> last) throws Exception {
                    if (last != null && stream == null && (Boolean) last.result()) {
                        try {
                            stream = connect.result();
                        } catch (Exception e) {
                            // retried
                        }
                    }
                    if (rounds-- == 0) {
                        if (stream != null) {
                            stream.close();
                        }
                        buffer.close();
                        return null;
                    }
                    if (stream == null) {
                        connect = TcpStream.connect(new InetSocketAddress(ANY.getAddress(), 7 + random.nextInt(2)));
                        return new ImpatientFuture(kernel, connect);
                    }
                    return new ImpatientFuture(kernel, stream.write(buffer, 0, 1 + random.nextInt(100)));
                }
            });
        });
    }

    @Test
    void closeAtAnyMomentLeavesNothing() {
        run("closeAtAnyMomentLeavesNothing", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                for (int i = 0; i < 4; i++) {
                    kernel.connectTo(listener.localAddress()).send(ConnectionScripts.pattern(random, 300)).reading(random.nextBoolean());
                }
                kernel.foreignAfter(random.nextLong(2_000_000), () -> executor.execute(executor::close));
                try {
                    executor.submit(new ConnectionScripts.EchoServer(listener, Integer.MAX_VALUE, 50)).join();
                } catch (RejectedExecutionException | CancellationException e) {
                    // closed
                }
            });
        });
    }

    @Test
    void taskThatAlwaysYieldsStarvesNoOther() {
        run("taskThatAlwaysYieldsStarvesNoOther", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            SplittableRandom random = kernel.random();
            byte[] sent = ConnectionScripts.pattern(random, random.nextInt(500));
            SimPeer[] peer = new SimPeer[1];
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                JoinHandle<Void> yielding = executor.submit(new Script() {
                    private int turns = 1_000_000;

                    @Override
                    protected Future<?> next(Future<?> last) {
                        assertThat(turns--).as("turns left").isPositive();
                        kernel.elapse(1000);
                        return new Future<Void>() {
                            private boolean yielded;

                            @Override
                            public boolean poll(Waker waker) {
                                if (!yielded) {
                                    yielded = true;
                                    waker.wake();
                                    return false;
                                }
                                return true;
                            }

                            @Override
                            public Void result() {
                                return null;
                            }
                        };
                    }
                });
                peer[0] = kernel.connectTo(listener.localAddress()).send(sent).finish();
                executor.submit(new ConnectionScripts.EchoServer(listener, 1, 1 + random.nextInt(200))).join();
                yielding.abort();
                kernel.elapse(1_000_000_000);
            });
            assertThat(peer[0].received()).isEqualTo(sent);
        });
    }
}
