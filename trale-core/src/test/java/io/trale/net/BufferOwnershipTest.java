package io.trale.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.io.Buffer;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import io.trale.testing.ObservedFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// The kernel owns a buffer from the first poll, before the submission. Misuse between the two fails in the caller and never
/// affects the loop.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class BufferOwnershipTest {

    private interface Body {
        void run(TcpStream stream, Socket peer) throws Exception;
    }

    private static void withStream(Body body) throws Exception {
        TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        InetSocketAddress address = listener.localAddress();
        try (Socket peer = new Socket(address.getAddress(), address.getPort())) {
            TcpStream stream = Executor.blockOn(listener.accept());
            body.run(stream, peer);
            stream.close();
            listener.close();
        } finally {
            Executor.current().close();
        }
    }

    @Test
    void bufferIsInaccessibleFromTheFirstPoll() throws Exception {
        withStream((stream, peer) -> {
            Buffer buffer = Buffer.allocate(16);
            peer.getOutputStream().write(5);
            int count = Executor.blockOn(ObservedFuture.afterFirstPoll(stream.read(buffer), () ->
                    assertThatThrownBy(buffer::segment).isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("owned by the kernel until recv(fd=")));
            assertThat(count).isEqualTo(1);
            assertThat(buffer.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) 5);
            buffer.close();
        });
    }

    @Test
    void bufferClosedRightAfterTheFirstPollIsFreedWhenTheReadHasEnded() throws Exception {
        withStream((stream, peer) -> {
            Buffer buffer = Buffer.allocate(16);
            peer.getOutputStream().write(5);
            assertThat(Executor.blockOn(ObservedFuture.afterFirstPoll(stream.read(buffer), buffer::close))).isEqualTo(1);
            assertThatThrownBy(buffer::segment).isInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void bufferClosedRightAfterTheFirstPollOfAWriteIsStillSent() throws Exception {
        withStream((stream, peer) -> {
            Buffer buffer = Buffer.allocate(16);
            buffer.segment().fill((byte) 9);
            assertThat(Executor.blockOn(ObservedFuture.afterFirstPoll(stream.write(buffer, 0, 16), buffer::close))).isEqualTo(16);
            assertThat(peer.getInputStream().readNBytes(16)).containsOnly(9);
        });
    }

    @Test
    void secondOperationOnABufferFailsAlone() throws Exception {
        withStream((stream, peer) -> {
            Buffer shared = Buffer.allocate(16);
            JoinHandle<Integer> read = Executor.spawn(stream.read(shared));
            JoinHandle<Integer> write = Executor.spawn(stream.write(shared, 0, 1));
            assertThatThrownBy(write::join).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("owned by the kernel until recv(fd=");
            peer.getOutputStream().write(5);
            assertThat(read.join()).isEqualTo(1);
            assertThat(Executor.blockOn(stream.write(shared, 0, 1))).isEqualTo(1);
            assertThat(peer.getInputStream().read()).isEqualTo(5);
            shared.close();
        });
    }

    @Test
    void readIntoAClosedBufferFailsAlone() throws Exception {
        withStream((stream, peer) -> {
            Buffer closed = Buffer.allocate(16);
            closed.close();
            assertThatThrownBy(() -> Executor.blockOn(stream.read(closed))).isInstanceOf(IllegalStateException.class)
                    .hasMessage("the buffer is closed");
            Buffer buffer = Buffer.allocate(16);
            peer.getOutputStream().write(5);
            assertThat(Executor.blockOn(stream.read(buffer))).isEqualTo(1);
            buffer.close();
        });
    }
}
