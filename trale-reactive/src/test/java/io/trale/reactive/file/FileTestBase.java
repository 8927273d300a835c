package io.trale.reactive.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Shared by tests of files: a loop, and the path of a file that does not exist yet. After each test nothing is in flight, and
/// every descriptor and every block has been given back.
@Timeout(60)
abstract class FileTestBase {

    static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);

    final Trale trale = Trale.start();
    @TempDir
    Path directory;
    Path path;
    int descriptors;
    private boolean closed;

    @BeforeEach
    void start() {
        path = directory.resolve("file");
        Support.asleep(trale);
        descriptors = Support.descriptors();
    }

    @AfterEach
    void stop() {
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
        Support.untilDescriptors(descriptors);
        if (!closed) {
            assertThat(freeBlocks()).as("returned blocks").isEqualTo(64);
        }
        trale.close();
        assertThat(trale.stats().unknown()).isZero();
    }

    void close() {
        closed = true;
        trale.close();
    }

    int freeBlocks() {
        return Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().fileBlocks().free());
    }
}
