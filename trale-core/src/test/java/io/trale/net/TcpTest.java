package io.trale.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// TCP as futures, on the real kernel.
class TcpTest {

    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    /// An echo of one connection, written as a state machine instead of an async block.
    private static final class Echo implements Future<Integer> {
        private final TcpListener listener;
        private final Buffer buffer = Buffer.allocate(1000);
        private Future<TcpStream> accept;
        private TcpStream stream;
        private Future<Integer> step;
        private boolean writing;
        private int total;

        Echo(TcpListener listener) {
            this.listener = listener;
            accept = listener.accept();
        }

        @Override
        public boolean poll(Waker waker) {
            try {
                if (stream == null) {
                    if (!accept.poll(waker)) {
                        return false;
                    }
                    stream = accept.result();
                    step = stream.read(buffer);
                }
                while (step.poll(waker)) {
                    int count = step.result();
                    if (count == 0) {
                        stream.close();
                        listener.close();
                        buffer.close();
                        return true;
                    }
                    total += writing ? count : 0;
                    step = writing ? stream.read(buffer) : stream.writeAll(buffer, 0, count);
                    writing = !writing;
                }
                return false;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public Integer result() {
            return total;
        }
    }

    @Test
    void echoesToABlockingClient() throws Exception {
        TcpListener listener = TcpListener.bind(LOOPBACK);
        JoinHandle<Integer> echo = Executor.spawn(new Echo(listener));
        byte[] sent = new byte[100_000];
        for (int i = 0; i < sent.length; i++) {
            sent[i] = (byte) (i * 7);
        }
        byte[][] got = new byte[1][];
        Thread client = Thread.ofPlatform().start(() -> {
            try (Socket socket = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
                Thread writer = Thread.ofPlatform().start(() -> {
                    try {
                        socket.getOutputStream().write(sent);
                        socket.shutdownOutput();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                got[0] = socket.getInputStream().readAllBytes();
                writer.join();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        Executor.run();
        assertThat(echo.join()).isEqualTo(sent.length);
        client.join();
        assertThat(got[0]).isEqualTo(sent);
        assertThat(Executor.current().stats().unknown()).isZero();
        assertThat(Executor.current().stats().inFlight()).isZero();
    }

    @Test
    void connectRefusedNamesOperationAddressAndError() throws Exception {
        TcpListener listener = TcpListener.bind(LOOPBACK);
        InetSocketAddress address = listener.localAddress();
        listener.close();
        assertThatThrownBy(() -> Executor.blockOn(TcpStream.connect(address)))
                .isInstanceOf(IOException.class)
                .hasMessage("connect(127.0.0.1:" + address.getPort() + "): ECONNREFUSED, connection refused");
    }

    @Test
    void connectedStreamsExchangeBytes() throws Exception {
        TcpListener listener = TcpListener.bind(LOOPBACK);
        JoinHandle<Integer> echo = Executor.spawn(new Echo(listener));
        TcpStream stream = Executor.blockOn(TcpStream.connect(listener.localAddress()));
        Buffer buffer = Buffer.allocate(100);
        buffer.segment().set(ValueLayout.JAVA_INT, 0, 4711);
        assertThat(Executor.blockOn(stream.write(buffer, 0, 4))).isEqualTo(4);
        buffer.segment().fill((byte) 0);
        assertThat(Executor.blockOn(stream.read(buffer))).isEqualTo(4);
        assertThat(buffer.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(4711);
        stream.shutdownOutput();
        assertThat(Executor.blockOn(stream.read(buffer))).isZero();
        stream.close();
        assertThat(echo.join()).isEqualTo(4);
        buffer.close();
    }

    @Test
    void bytesOfACancelledReadGoToTheNext() throws Exception {
        TcpListener listener = TcpListener.bind(LOOPBACK);
        try (Socket peer = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
            TcpStream stream = Executor.blockOn(listener.accept());
            Buffer first = Buffer.allocate(16);
            Buffer second = Buffer.allocate(16);
            peer.getOutputStream().write(new byte[] {1, 2, 3});
            // Poll once, so that the receive is staged while its data arrives, and cancel it.
            Executor.blockOn(new Future<Void>() {
                private boolean polled;

                @Override
                public boolean poll(Waker waker) {
                    var read = stream.read(first);
                    if (!polled) {
                        polled = true;
                        assertThat(read.poll(waker)).isFalse();
                        waker.wake();
                        read.cancel();
                        return false;
                    }
                    read.cancel();
                    return true;
                }

                @Override
                public Void result() {
                    return null;
                }
            });
            int got = Executor.blockOn(stream.read(second));
            assertThat(second.segment().asSlice(0, got).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[] {1, 2, 3});
            stream.close();
            listener.close();
            first.close();
            second.close();
        }
    }

    /// The receive is complete, and its task woken but not polled again, when the receive is cancelled.
    @Test
    void bytesThatHadArrivedBeforeTheCancelGoToTheNext() throws Exception {
        TcpListener listener = TcpListener.bind(LOOPBACK);
        try (Socket peer = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
            TcpStream stream = Executor.blockOn(listener.accept());
            Buffer buffer = Buffer.allocate(16);
            peer.getOutputStream().write(new byte[] {4, 5, 6});
            Executor.blockOn(new Future<Void>() {
                private boolean polled;
                private boolean woken;
                private IntFuture read;

                private IntFuture read(Buffer buffer) {
                    read = stream.read(buffer);
                    return read;
                }

                @Override
                public boolean poll(Waker waker) {
                    if (!polled) {
                        polled = true;
                        assertThat(read(buffer).poll(() -> {
                            woken = true;
                            waker.wake();
                        })).isFalse();
                        return false;
                    }
                    assertThat(woken).isTrue();
                    read.cancel();
                    return true;
                }

                @Override
                public Void result() {
                    return null;
                }
            });
            Buffer next = Buffer.allocate(2);
            assertThat(Executor.blockOn(stream.read(next))).isEqualTo(2);
            assertThat(next.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[] {4, 5});
            assertThat(Executor.blockOn(stream.read(buffer))).isEqualTo(1);
            assertThat(buffer.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 6);
            stream.close();
            listener.close();
            buffer.close();
            next.close();
        }
    }

    @Test
    void aBufferInFlightIsInaccessible() throws Exception {
        TcpListener listener = TcpListener.bind(LOOPBACK);
        try (Socket peer = new Socket(listener.localAddress().getAddress(), listener.localAddress().getPort())) {
            TcpStream stream = Executor.blockOn(listener.accept());
            Buffer buffer = Buffer.allocate(16);
            JoinHandle<Integer> read = Executor.spawn(stream.read(buffer));
            Executor.current().turn();
            assertThatThrownBy(buffer::segment).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("owned by the kernel until recv(fd=");
            peer.getOutputStream().write(42);
            assertThat(read.join()).isEqualTo(1);
            assertThat(buffer.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);
            stream.close();
            listener.close();
            buffer.close();
        }
    }
}
