package io.trale.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.io.Buffer;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.Seeds;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Reads of a stream that a write has found broken. The kernel reports that only once, and an end of stream to later reads.
@Timeout(60)
class BrokenStreamTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /// What happens on a stream to `peer`.
    private interface Body {
        void run(Executor executor, TcpStream stream, SimPeer peer) throws Exception;
    }

    private final SimKernel kernel = new SimKernel(0).strict();
    private final Buffer buffer = Buffer.allocate(10);

    @AfterEach
    void free() {
        buffer.close();
    }

    private void run(Body body) throws Exception {
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            TcpListener listener = TcpListener.bind(ANY);
            SimPeer peer = kernel.connectTo(listener.localAddress());
            TcpStream stream = executor.submit(listener.accept()).join();
            body.run(executor, stream, peer);
            stream.close();
            listener.close();
        });
    }

    private void assertWriteFails(Executor executor, TcpStream stream, String errno) {
        assertThatThrownBy(() -> executor.submit(stream.write(buffer, 0, 1)).join()).hasMessageContaining(errno);
    }

    private void assertReadFails(Executor executor, TcpStream stream, String errno) {
        assertThatThrownBy(() -> executor.submit(stream.read(buffer)).join()).hasMessageContaining(errno);
    }

    private void assertReadEnds(Executor executor, TcpStream stream) throws Exception {
        assertThat(executor.submit(stream.read(buffer)).join()).isZero();
    }

    @Test
    void readAfterAWriteThatWasResetFails() throws Exception {
        run((executor, stream, peer) -> {
            peer.reset();
            kernel.elapse(1_000_000);
            assertWriteFails(executor, stream, "ECONNRESET");
            assertReadFails(executor, stream, "ECONNRESET");
            assertReadFails(executor, stream, "ECONNRESET");
        });
    }

    @Test
    void readAfterACancelledWriteThatWasResetFails() throws Exception {
        run((executor, stream, peer) -> {
            peer.reset();
            kernel.elapse(1_000_000);
            JoinHandle<Integer> write = executor.submit(stream.write(buffer, 0, 1));
            executor.turn(); // fails in the kernel; its task runs in the next turn
            write.abort();
            assertReadFails(executor, stream, "ECONNRESET");
        });
    }

    @Test
    void readThatHasSeenThePeersEndEndsAgain() throws Exception {
        run((executor, stream, peer) -> {
            peer.finish();
            kernel.elapse(1_000_000);
            assertReadEnds(executor, stream);
            peer.reset();
            kernel.elapse(1_000_000);
            assertWriteFails(executor, stream, "EPIPE");
            assertReadEnds(executor, stream);
        });
    }

    @Test
    void writeAfterOurOwnEndSaysNothingOfThePeer() throws Exception {
        run((executor, stream, peer) -> {
            stream.shutdownOutput();
            assertWriteFails(executor, stream, "EPIPE");
            peer.send(new byte[1]).finish();
            kernel.elapse(1_000_000);
            assertThat(executor.submit(stream.read(buffer)).join()).isOne();
            assertReadEnds(executor, stream);
        });
    }
}
