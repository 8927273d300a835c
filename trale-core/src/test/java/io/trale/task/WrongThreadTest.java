package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.time.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Futures that are made on one executor and polled on another: they would wait for ever, and break what is not theirs.
@Timeout(60)
class WrongThreadTest {

    private Executor other;

    @BeforeEach
    void start() throws IOException {
        other = Executor.start("other");
    }

    @AfterEach
    void close() {
        other.close();
        Executor.current().close();
        assertThat(Executor.current().stats().inFlight()).isZero();
    }

    private void assertRefused(Future<?> future) {
        assertThatThrownBy(() -> other.submit(future).join()).isInstanceOf(WrongThreadException.class)
                .hasMessageContaining("belongs to the executor of " + Thread.currentThread() + ", used on ")
                .hasMessageContaining("other");
    }

    @Test
    void aSleepIsRefusedAndCanBeMadeThere() throws Exception {
        assertRefused(Timer.sleep(Duration.ofMillis(1)));
        assertThat(other.submit(async(() -> {
            await(Timer.sleep(Duration.ofMillis(1)));
            return "slept";
        })).join()).isEqualTo("slept");
    }

    @Test
    void aTimeoutIsRefused() {
        assertRefused(Async.timeout(Timer.sleep(Duration.ofDays(1)), Duration.ofDays(1)));
    }

    @Test
    void socketsAreRefusedAndCanStillBeUsedWhereTheyBelong() throws Exception {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (TcpListener listener = TcpListener.bind(anyPort); Buffer buffer = Buffer.allocate(10)) {
            assertRefused(listener.accept());
            try (TcpStream client = Executor.blockOn(TcpStream.connect(listener.localAddress()));
                    TcpStream server = Executor.blockOn(listener.accept())) {
                assertRefused(server.read(buffer));
                assertThat(Executor.blockOn(client.write(buffer, 0, 3))).isEqualTo(3);
                assertThat(Executor.blockOn(server.read(buffer))).isEqualTo(3);
            }
        }
    }
}
