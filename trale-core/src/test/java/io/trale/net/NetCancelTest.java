package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.testing.CancelAtEveryStep.atEveryStep;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.sim.SimPeer;
import io.trale.task.Async;
import io.trale.testing.CancelAtEveryStep;
import io.trale.time.Timer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Transfers, connects and accepts that are cancelled at every step: received data goes to the next operation.
@Timeout(120)
class NetCancelTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    // ---- TCP

    @Test
    void connect() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<TcpStream>() {
            private final List<SimPeer> peers = new ArrayList<>();

            @Override
            protected Future<TcpStream> future() {
                kernel.listenOn(7, peers::add);
                return TcpStream.connect(new InetSocketAddress(ANY.getAddress(), 7));
            }

            @Override
            protected void after(TcpStream stream) {
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
        atEveryStep(() -> new CancelAtEveryStep<TcpStream>() {
            private TcpListener listener;

            @Override
            protected Future<TcpStream> future() throws Exception {
                listener = TcpListener.bind(ANY);
                kernel.connectTo(listener.localAddress());
                return listener.accept();
            }

            @Override
            protected void after(TcpStream stream) throws Exception {
                (stream != null ? stream : run(listener.accept())).close(); // the connection goes to the next accept
                listener.close();
            }
        });
    }

    /// A connection to a peer outside of the program.
    private abstract static class Connected<T> extends CancelAtEveryStep<T> {

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
            protected Future<Integer> future() throws Exception {
                open();
                peer.send(new byte[] {1, 2, 3});
                return stream.read(buffer);
            }

            @Override
            protected void after(Integer count) throws Exception {
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
            protected Future<Integer> future() throws Exception {
                open();
                return stream.write(buffer, 0, 100);
            }

            @Override
            protected void after(Integer count) throws Exception {
                Buffer out = Buffer.allocate(1);
                out.segment().set(JAVA_BYTE, 0, (byte) 7);
                run(stream.write(out, 0, 1)); // after the bytes of the cancelled write
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
        atEveryStep(() -> new CancelAtEveryStep<Datagram>() {
            private final Buffer in = Buffer.allocate(10);
            private final Buffer other = Buffer.allocate(10);
            private UdpSocket socket;

            @Override
            protected Future<Datagram> future() throws Exception {
                socket = UdpSocket.bind(ANY);
                run(socket.sendTo(other, 0, 5, socket.localAddress()));
                return socket.receive(in);
            }

            @Override
            protected void after(Datagram datagram) throws Exception {
                assertThat((datagram != null ? datagram : run(socket.receive(other))).length()).isEqualTo(5);
                socket.close();
                in.close();
                other.close();
            }
        });
    }

    @Test
    void sendTo() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<Integer>() {
            private final Buffer out = Buffer.allocate(10);
            private final Buffer other = Buffer.allocate(10);
            private UdpSocket socket;

            @Override
            protected Future<Integer> future() throws Exception {
                socket = UdpSocket.bind(ANY);
                return socket.sendTo(out, 0, 5, socket.localAddress());
            }

            @Override
            protected void after(Integer count) throws Exception {
                run(socket.sendTo(other, 0, 7, socket.localAddress()));
                assertThat(run(socket.receive(other)).size()).isIn(5, 7);
                socket.close();
                out.close();
                other.close();
            }
        });
    }

    // ---- a block

    @Test
    void asyncBlock() throws Exception {
        atEveryStep(() -> new Connected<Integer>() {
            private boolean begun;
            private boolean unwound;

            @Override
            protected Future<Integer> future() throws Exception {
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
            protected void after(Integer count) throws Exception {
                run(Timer.sleep(Duration.ofMillis(5))); // the cancelled block unwinds
                assertThat(unwound || count == null && !begun).as("unwound").isTrue();
                close();
            }
        });
    }
}
