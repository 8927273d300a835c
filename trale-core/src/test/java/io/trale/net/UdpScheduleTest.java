package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Async;
import io.trale.task.JoinHandle;
import io.trale.testing.ConnectionScripts;
import io.trale.testing.ImpatientFuture;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Datagrams under random schedules: they arrive unchanged, and an arrived datagram is never lost.
@Timeout(120)
class UdpScheduleTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "UdpScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    /// Datagrams; each begins with its number.
    private static List<byte[]> datagrams(SplittableRandom random, int count) {
        List<byte[]> datagrams = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] bytes = ConnectionScripts.pattern(random, Integer.BYTES + random.nextInt(200));
            bytes[0] = (byte) i;
            datagrams.add(bytes);
        }
        return datagrams;
    }

    /// Sends all of `datagrams`; repeats each until a send succeeds.
    private static final class Sender extends Script {

        private final UdpSocket socket;
        private final InetSocketAddress to;
        private final List<byte[]> datagrams;
        private final Buffer buffer = Buffer.allocate(300);
        private int next;

        Sender(UdpSocket socket, InetSocketAddress to, List<byte[]> datagrams) {
            this.socket = socket;
            this.to = to;
            this.datagrams = datagrams;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null) {
                try {
                    assertThat(((IntFuture) last).resultAsInt()).isEqualTo(datagrams.get(next).length);
                    next++;
                } catch (ErrnoException e) {
                    assertThat(e.errno()).isIn(Errno.ENOBUFS, Errno.ENOMEM); // retried
                }
            }
            if (next == datagrams.size()) {
                buffer.close();
                return null;
            }
            byte[] bytes = datagrams.get(next);
            buffer.segment().asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            return socket.sendTo(buffer, 0, bytes.length, to);
        }

        @Override
        public void cancel() {
            super.cancel();
            buffer.close();
        }
    }

    /// Receives `wanted` datagrams, and cancels receives at random; counts how often each datagram has arrived.
    private static final class Receiver extends Script {

        final int[] copies;
        private final SimKernel kernel;
        private final UdpSocket socket;
        private final InetSocketAddress from;
        private final List<byte[]> datagrams;
        private final Buffer[] buffers;
        private Buffer buffer;
        private Future<Datagram> receive;
        private int wanted;

        Receiver(SimKernel kernel, UdpSocket socket, InetSocketAddress from, List<byte[]> datagrams, int wanted) {
            this.kernel = kernel;
            this.socket = socket;
            this.from = from;
            this.datagrams = datagrams;
            this.wanted = wanted;
            copies = new int[datagrams.size()];
            buffers = new Buffer[] {Buffer.allocate(300), Buffer.allocate(Integer.BYTES + kernel.random().nextInt(100))};
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null && (Boolean) last.result()) {
                Datagram datagram = receive.result();
                int number = buffer.segment().get(JAVA_BYTE, 0);
                byte[] sent = datagrams.get(number);
                assertThat(datagram.sender()).isEqualTo(from);
                assertThat(datagram.size()).isEqualTo(sent.length);
                int kept = Math.min(sent.length, buffers[1].capacity()); // by a cancelled receive
                assertThat(datagram.length()).isIn(Math.min(sent.length, buffer.capacity()), kept);
                assertThat(datagram.isTruncated()).isEqualTo(datagram.length() < sent.length);
                assertThat(buffer.segment().asSlice(0, datagram.length()).toArray(JAVA_BYTE))
                        .isEqualTo(Arrays.copyOf(sent, datagram.length()));
                copies[number]++;
                wanted--;
            }
            if (wanted == 0) {
                for (Buffer each : buffers) {
                    each.close();
                }
                return null;
            }
            buffer = buffers[kernel.random().nextInt(2)];
            receive = socket.receive(buffer);
            return new ImpatientFuture(kernel, receive);
        }
    }

    @Test
    void datagramsOfCancelledReceivesGoToTheNext() {
        run("datagramsOfCancelledReceivesGoToTheNext", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP, Fault.EXHAUSTION))
                    .socketBufferBytes(1 << 20);
            List<byte[]> datagrams = datagrams(kernel.random(), 1 + kernel.random().nextInt(30));
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                UdpSocket client = UdpSocket.bind(ANY);
                UdpSocket server = UdpSocket.bind(ANY);
                executor.submit(new Sender(client, server.localAddress(), datagrams));
                Receiver receiver = new Receiver(kernel, server, client.localAddress(), datagrams, datagrams.size());
                executor.submit(receiver).join();
                assertThat(receiver.copies).containsOnly(1);
                client.close();
                server.close();
            });
        });
    }

    /// Sends a question and receives the answer; repeats the question after a timeout.
    private static final class Asking extends Script {

        private final UdpSocket socket;
        private final InetSocketAddress server;
        private final Buffer out = Buffer.allocate(Integer.BYTES);
        private final Buffer in = Buffer.allocate(Integer.BYTES);
        private final Set<Integer> errnos;
        private int questions;
        private boolean asked;

        Asking(UdpSocket socket, InetSocketAddress server, int questions, Set<Integer> errnos) {
            this.errnos = errnos;
            this.socket = socket;
            this.server = server;
            this.questions = questions;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null) {
                try {
                    last.result();
                    if (asked && in.segment().get(JAVA_INT, 0) == -questions) { // else an answer to an old question
                        questions--;
                        asked = false;
                    } else {
                        asked = true;
                    }
                } catch (TimeoutException e) {
                    asked = false;
                } catch (ErrnoException e) {
                    asked = false;
                    errnos.add(e.errno());
                    if (e.errno() == Errno.ECANCELED) {
                        questions = 0; // the socket is closed
                    }
                }
            }
            if (questions == 0) {
                in.close();
                out.close();
                return null;
            }
            if (asked) {
                return Async.timeout(socket.receive(in), Duration.ofMillis(2));
            }
            out.segment().set(JAVA_INT, 0, questions);
            return server == null ? socket.send(out, 0, Integer.BYTES) : socket.sendTo(out, 0, Integer.BYTES, server);
        }

        @Override
        public void cancel() {
            super.cancel();
            in.close();
            out.close();
            socket.close();
        }
    }

    /// Answers questions until it is cancelled.
    private static final class Answering extends Script {

        private final UdpSocket socket;
        private final Set<Integer> errnos;
        private final Buffer buffer = Buffer.allocate(100);

        Answering(UdpSocket socket, Set<Integer> errnos) {
            this.errnos = errnos;
            this.socket = socket;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            try {
                if (last != null && last.result() instanceof Datagram question) {
                    assertThat(question.isTruncated()).isFalse();
                    buffer.segment().set(JAVA_INT, 0, -buffer.segment().get(JAVA_INT, 0));
                    return socket.sendTo(buffer, 0, Integer.BYTES, question.sender());
                }
            } catch (ErrnoException e) {
                errnos.add(e.errno());
            }
            return socket.receive(buffer);
        }

        @Override
        public void cancel() {
            super.cancel();
            buffer.close();
            socket.close();
        }
    }

    @Test
    void answersArriveDespiteLossAndDuplication() {
        run("answersArriveDespiteLossAndDuplication", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP, Fault.LOSS, Fault.DUPLICATION));
            SplittableRandom random = kernel.random();
            Set<Integer> errnos = new TreeSet<>();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                UdpSocket server = UdpSocket.bind(ANY);
                JoinHandle<Void> answering = executor.submit(new Answering(server, errnos));
                List<UdpSocket> clients = new ArrayList<>();
                List<JoinHandle<Void>> asking = new ArrayList<>();
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    UdpSocket client = UdpSocket.bind(ANY);
                    clients.add(client);
                    boolean connected = random.nextBoolean();
                    if (connected) {
                        Future<Void> connect = client.connect(server.localAddress());
                        executor.submit(connect).join();
                    }
                    asking.add(executor.submit(
                            new Asking(client, connected ? null : server.localAddress(), 1 + random.nextInt(5), errnos)));
                }
                for (JoinHandle<Void> handle : asking) {
                    handle.join();
                }
                answering.abort();
                clients.forEach(UdpSocket::close);
                server.close();
            });
            assertThat(errnos).isEmpty();
        });
    }

    @Test
    void connectedSocketIsRefusedOnceItsPeerIsClosed() {
        run("connectedSocketIsRefusedOnceItsPeerIsClosed", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP, Fault.LOSS));
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                UdpSocket peer = UdpSocket.bind(ANY);
                UdpSocket socket = UdpSocket.bind(ANY);
                executor.submit(socket.connect(peer.localAddress())).join();
                peer.close();
                executor.submit(new Script() {
                    private final Buffer out = Buffer.allocate(10);
                    private final Buffer in = Buffer.allocate(10);
                    private boolean sent;

                    @Override
                    protected Future<?> next(Future<?> last) throws Exception {
                        try {
                            if (last != null) {
                                last.result();
                            }
                        } catch (ErrnoException e) {
                            assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED);
                            out.close();
                            in.close();
                            socket.close();
                            return null;
                        } catch (TimeoutException e) {
                            sent = false; // the datagram, or the error for it, was lost
                        }
                        sent = !sent;
                        return sent ? socket.send(out, 0, 5) : Async.timeout(socket.receive(in), Duration.ofMillis(2));
                    }
                }).join();
            });
        });
    }

    @Test
    void closeAtAnyMomentLeavesNothing() {
        run("closeAtAnyMomentLeavesNothing", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.ALL);
            SplittableRandom random = kernel.random();
            Set<Integer> errnos = new TreeSet<>();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                UdpSocket server = UdpSocket.bind(ANY);
                executor.submit(new Answering(server, errnos));
                for (int i = 0; i < 3; i++) {
                    UdpSocket client = UdpSocket.bind(ANY);
                    executor.submit(new Asking(client, server.localAddress(), Integer.MAX_VALUE, errnos));
                    if (random.nextBoolean()) {
                        kernel.foreignAfter(random.nextLong(2_000_000), () -> executor.execute(client::close));
                    }
                }
                SettableFuture done = new SettableFuture();
                kernel.foreignAfter(random.nextLong(3_000_000), () ->
                        executor.execute(random.nextBoolean() ? executor::close : done::set));
                try {
                    executor.submit(done).join();
                } catch (RejectedExecutionException | CancellationException e) {
                    // closed
                }
            });
            errnos.removeAll(Set.of(Errno.ENOBUFS, Errno.ENOMEM, Errno.ENETUNREACH, Errno.EPERM, Errno.ECANCELED));
            assertThat(errnos).isEmpty();
        });
    }
}
