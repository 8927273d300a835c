package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;

/// A peer that has ended its side and does not read must not keep the loop busy. io_uring's poll reports its socket as ready
/// (`POLLRDHUP`) as long as it exists.
@Timeout(60)
class HalfClosedPeerTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int CHUNKS = 1000;
    private static final int ROUND_TRIPS = 1000;
    private static final byte[] CHUNK = new byte[64 << 10];

    @Test
    void aStalledHalfClosedPeerLetsTheLoopSleep() throws Exception {
        try (Trale trale = Trale.start()) {
            Server talker = trale.serve(ANY_PORT, c -> c.receive().then()
                    .then(c.send(Flux.range(0, CHUNKS).map(i -> ByteBuffer.wrap(CHUNK))))).block();
            Server echo = trale.serve(ANY_PORT, c -> c.send(c.receive())).block();
            try (Socket stalled = new Socket();
                    Socket other = new Socket(InetAddress.getLoopbackAddress(), echo.port())) {
                stalled.setReceiveBufferSize(64 << 10);
                stalled.connect(talker.localAddress());
                stalled.shutdownOutput();
                assertThat(stalled.getInputStream().read()).isNotNegative();

                roundTrips(other, 200); // until all socket buffers are full
                long before = trale.stats().submitted();
                roundTrips(other, ROUND_TRIPS);
                // One recv and one send each. A poll that is always ready would add one each.
                assertThat(trale.stats().submitted() - before).isLessThan(2 * ROUND_TRIPS + ROUND_TRIPS / 2);

                assertThat(stalled.getInputStream().readAllBytes()).hasSize(CHUNKS * CHUNK.length - 1);
            }
            talker.disposeNow(Duration.ofSeconds(Support.PATIENCE_SECONDS));
            echo.disposeNow(Duration.ofSeconds(Support.PATIENCE_SECONDS));
            assertThat(trale.stats().inFlight()).isZero();
        }
    }

    private static void roundTrips(Socket socket, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            socket.getOutputStream().write(i);
            assertThat(socket.getInputStream().read()).isEqualTo(i & 0xff);
        }
    }
}
