package io.trale.reactive.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/// Shared by tests of a connection: a loop, a connection, and its peer, which is a channel of the JDK. After each test, nothing
/// is in flight.
@Timeout(60)
public abstract class ConnectionTestBase {

    protected static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);

    protected final Trale trale;
    protected final Pair pair;
    protected final Connection connection;
    protected final SocketChannel peer;

    protected ConnectionTestBase() {
        this(ExecutorOptions.defaults());
    }

    protected ConnectionTestBase(ExecutorOptions options) {
        this(Trale.start(options));
    }

    protected ConnectionTestBase(Trale trale) {
        this.trale = trale;
        pair = Pair.of(trale, 256 << 10);
        connection = pair.connection();
        peer = pair.peer();
    }

    @AfterEach
    protected void stop() {
        pair.close();
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
    }
}
