package io.trale.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Errno;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import io.trale.sim.SimKernel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;

/// Logs and counters of a listener that pauses, in virtual time.
class AcceptBackoffTest {

    private static final long PAUSE_NANOS = 100_000_000;

    private final List<String> logged = new ArrayList<>();
    private final SimKernel kernel = new SimKernel(1);
    private final Reactor reactor = new Reactor(kernel, Limits.DEFAULT);
    private final AcceptBackoff backoff = new AcceptBackoff(new Descriptor(reactor, 7), new InetSocketAddress("127.0.0.1", 80),
            () -> { }, new Log());

    /// Records the log messages.
    private final class Log implements System.Logger {

        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            throw new AssertionError(message);
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Object... parameters) {
            logged.add(level + " " + message);
        }
    }

    private void pause(int errno) {
        backoff.begin(errno);
        kernel.elapse(PAUSE_NANOS);
        backoff.end();
    }

    @Test
    void aListenerAtItsLimitLogsOnceAndCountsEachPause() {
        for (int i = 1; i <= 2000; i++) { // more than three minutes
            pause(Errno.EMFILE);
            assertThat(reactor.counters().get(Count.ACCEPT_PAUSES)).isEqualTo(i);
        }
        assertThat(logged).containsExactly("WARNING accept(fd=7, 127.0.0.1:80): EMFILE, too many open files in this process;"
                + " connections wait in the backlog, and accept is retried every 100 ms; raise the limit of open files"
                + " (ulimit -n), or serve fewer connections");
    }

    @Test
    void aRecoveredListenerLogsAgain() {
        pause(Errno.ENOMEM);
        kernel.elapse(AcceptBackoff.QUIET_NANOS - PAUSE_NANOS - 1);
        pause(Errno.ENOMEM);
        assertThat(logged).hasSize(1);
        kernel.elapse(AcceptBackoff.QUIET_NANOS - PAUSE_NANOS);
        pause(Errno.ENOMEM);
        assertThat(logged).hasSize(2).last().asString().contains("ENOMEM").endsWith("every 100 ms");
    }

    @Test
    void aPauseUnderWayIsCountedOnce() {
        backoff.begin(Errno.EMFILE);
        backoff.begin(Errno.EMFILE);
        assertThat(reactor.counters().get(Count.ACCEPT_PAUSES)).isEqualTo(1);
        assertThat(reactor.deadlines().size()).isEqualTo(1);
    }
}
