package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactor.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;

/// Each option reaches its own field, and the other fields stay as they were.
class ExecutorOptionsTest {

    private static final ThreadFactory FACTORY = Thread::new;

    @Test
    void allOptionsAreKept() {
        List<Object> heard = new ArrayList<>();
        ExecutorOptions options = ExecutorOptions.defaults()
                .threadFactory(FACTORY)
                .uncaught(heard::add)
                .closeTimeout(Duration.ofSeconds(7))
                .slowCallback(Duration.ofMillis(8), (name, duration) -> heard.add(name))
                .ringEntries(2, 4)
                .receiveBuffers(8, 80)
                .leaseBuffers(16, 160)
                .sendBlocks(3, 30)
                .fileBlocks(5, 50);
        assertThat(options.limits).isEqualTo(new Limits(2, 4, Limits.DEFAULT.completionsPerTurn(), new Limits.Pool(8, 80),
                new Limits.Pool(16, 160), new Limits.Pool(3, 30), new Limits.Pool(5, 50)));
        assertThat(options.threadFactory).isSameAs(FACTORY);
        assertThat(options.closeTimeoutNanos).isEqualTo(7_000_000_000L);
        assertThat(options.slowNanos).isEqualTo(8_000_000L);
        IllegalStateException failure = new IllegalStateException("for a test");
        options.uncaught.accept(failure);
        options.slow.accept("a name", Duration.ZERO);
        assertThat(heard).containsExactly(failure, "a name");
    }

    @Test
    void defaultsAreNotChanged() {
        ExecutorOptions.defaults().ringEntries(2, 4).closeTimeout(Duration.ZERO);
        assertThat(ExecutorOptions.defaults().limits).isEqualTo(Limits.DEFAULT);
        assertThat(ExecutorOptions.defaults().closeTimeoutNanos).isEqualTo(5_000_000_000L);
        assertThat(ExecutorOptions.defaults().slowNanos).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void slowCallbacksCanBeLogged() {
        ExecutorOptions options = ExecutorOptions.defaults().slowCallback(Duration.ofHours(1));
        assertThat(options.slowNanos).isEqualTo(Duration.ofHours(1).toNanos());
    }
}
