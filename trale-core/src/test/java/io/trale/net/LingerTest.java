package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.net.StandardSocketOptions.SO_LINGER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.io.Buffer;
import io.trale.linux.Net;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.Seeds;
import io.trale.testing.StreamPair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sockets with a linger time: a plain close would block the loop until the peer has read.
@Timeout(60)
class LingerTest {

    private static final NetOptions LINGERING = NetOptions.none().with(SO_LINGER, 5);

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    /// Records the linger time of each closed descriptor, in seconds.
    private static final class Observed extends InterceptedKernel {

        private final List<Integer> seconds = new ArrayList<>();

        @Override
        public int close(int fd) {
            try (Arena call = Arena.ofConfined()) {
                MemorySegment linger = call.allocate(8, 4);
                MemorySegment length = call.allocateFrom(ValueLayout.JAVA_INT, 8);
                if (getsockopt(fd, Net.SOL_SOCKET, Net.SO_LINGER, linger, length) == 0) {
                    seconds.add(linger.get(ValueLayout.JAVA_INT, 0) == 0 ? 0 : linger.get(ValueLayout.JAVA_INT, 4));
                }
            }
            return super.close(fd);
        }
    }

    @Test
    void closeOfALingeringSocketDoesNotBlock() throws Exception {
        Observed kernel = new Observed();
        Executor.open(kernel, ExecutorOptions.defaults());
        Executor.blockOn(async(() -> {
            TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK, LINGERING);
            TcpStream client = await(TcpStream.connect(List.of(listener.localAddress()), LINGERING));
            TcpStream server = await(listener.accept());
            assertThat(server.getOption(SO_LINGER)).as("inherited").isEqualTo(5);
            client.close();
            server.close();
            listener.close();
        }));
        assertThat(kernel.seconds).containsExactly(0, 0, 0);
    }

    @Test
    void sentDataArrivesWithoutLingering() throws Exception {
        Executor.blockOn(async(() -> {
            try (TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK); Buffer buffer = Buffer.allocate(1 << 20)) {
                TcpStream client = await(TcpStream.connect(List.of(listener.localAddress()), LINGERING));
                TcpStream server = await(listener.accept());
                int sent = await(client.write(buffer, 0, 1 << 20));
                client.close();
                int received = 0;
                for (int count; (count = await(server.read(buffer))) > 0;) {
                    received += count;
                }
                assertThat(received).isEqualTo(sent);
                server.close();
            }
        }));
    }

    @Test
    void lingerTimeOfZeroStillResets() throws Exception {
        Executor.blockOn(async(() -> {
            try (TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK); Buffer buffer = Buffer.allocate(1)) {
                TcpStream client = await(TcpStream.connect(List.of(listener.localAddress()), LINGERING));
                TcpStream server = await(listener.accept());
                client.setOption(SO_LINGER, 0);
                client.close();
                assertThatThrownBy(() -> await(server.read(buffer))).hasMessageContaining("ECONNRESET");
                server.close();
            }
        }));
    }

    @Test
    void simulatedCloseOfALingeringSocketDoesNotBlock() throws Exception {
        SimKernel kernel = new SimKernel(1).strict().faults(Faults.NONE);
        kernel.listenOn(7, peer -> { });
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK, LINGERING);
            TcpStream client = executor.submit(TcpStream.connect(
                    List.of(new InetSocketAddress("127.0.0.1", 7)), LINGERING)).join();
            client.close();
            kernel.connectTo(listener.localAddress());
            executor.submit(listener.accept()).join().close();
            listener.close();
        });
    }
}
