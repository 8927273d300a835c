package io.trale;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.sim.SimKernel;
import io.trale.sync.EventFd;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.time.TimerFd;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// In a process that was started without stdin, the number of the next descriptor is 0, which is no error.
@Timeout(60)
class DescriptorZeroTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /// Opens one descriptor of each kind, and uses it.
    private static Future<Void> oneOfEach() {
        return async(() -> {
            try (TcpListener listener = TcpListener.bind(ANY); UdpSocket udp = UdpSocket.bind(ANY);
                    EventFd event = EventFd.counter();
                    TimerFd timer = TimerFd.start(Duration.ofNanos(1), Duration.ZERO);
                    File file = await(File.create(Path.of("/file")));
                    Buffer buffer = Buffer.allocate(1); Buffer in = Buffer.allocate(1)) {
                buffer.segment().set(JAVA_BYTE, 0, (byte) 7);
                List<TcpStream> pair = await(Async.join(TcpStream.connect(listener.localAddress()), listener.accept()));
                try (TcpStream client = pair.get(0); TcpStream server = pair.get(1)) {
                    await(client.write(buffer, 0, 1));
                    assertThat(await(server.read(in))).isEqualTo(1);
                }
                assertThat(await(udp.sendTo(buffer, 0, 1, udp.localAddress()))).isEqualTo(1);
                assertThat(await(udp.receive(in)).length()).isEqualTo(1);
                event.signal();
                assertThat(await(event.take())).isEqualTo(1);
                assertThat(await(timer.expirations())).isEqualTo(1);
                assertThat(await(file.write(buffer, 0, 1))).isEqualTo(1);
            }
        });
    }

    private static SimKernel run(int zero) throws Exception {
        SimKernel kernel = new SimKernel(0).zeroDescriptor(zero);
        Executor executor = Executor.open(kernel, ExecutorOptions.defaults());
        executor.submit(oneOfEach()).join();
        executor.close();
        kernel.assertQuiescent();
        return kernel;
    }

    @Test
    void descriptorOfEveryKindMayBeZero() throws Exception {
        int all = run(-1).installedDescriptors();
        assertThat(all).as("three of the loop, and one of each kind").isEqualTo(10);
        for (int i = 0; i < all; i++) {
            run(i);
        }
    }
}
