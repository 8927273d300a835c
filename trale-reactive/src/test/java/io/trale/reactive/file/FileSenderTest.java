package io.trale.reactive.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.fs.File;
import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

class FileSenderTest {

    @Test
    void aFileThatTakesNothingFailsTheWrite(@TempDir Path directory) {
        try (Trale trale = Trale.start()) {
            Loop loop = Internals.loop(trale);
            File file = new FutureMono<>(loop, () -> File.create(directory.resolve("file")), File::close)
                    .block(Duration.ofMinutes(1));
            IOException failure = Mono.fromCallable(() -> {
                try (file) {
                    return new FileSender(loop, file, 0).took(0, 5);
                }
            }).subscribeOn(trale.scheduler()).block(Duration.ofMinutes(1));
            assertThat(failure).hasMessageContaining("the kernel took none of 5 bytes");
        }
    }
}
