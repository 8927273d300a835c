package io.trale.reactive.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Trale;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/// Paths of other file systems, and file names that no encoding decodes, in publishers.
@Timeout(60)
class FileNamesTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @Test
    void pathOfAnotherFileSystemIsRefusedAtOnce() throws Exception {
        Path host = Files.writeString(directory.resolve("file"), "the host's");
        try (Trale trale = Trale.start();
                FileSystem zip = FileSystems.newFileSystem(directory.resolve("a.zip"), Map.of("create", "true"))) {
            Path foreign = zip.getPath(host.toString());
            assertThatThrownBy(() -> trale.read(foreign)).isInstanceOf(ProviderMismatchException.class);
            assertThatThrownBy(() -> trale.write(foreign, Flux.empty())).isInstanceOf(ProviderMismatchException.class);
            assertThatThrownBy(() -> trale.sink(foreign)).isInstanceOf(ProviderMismatchException.class);
        }
        assertThat(Files.readString(host)).isEqualTo("the host's");
    }

    @Test
    void fileWithAnUndecodableNameIsWrittenAndRead() throws Exception {
        Path odd = Path.of(URI.create(directory.toUri() + "%FFcaf%E9"));
        try (Trale trale = Trale.start()) {
            trale.write(odd, Flux.just(ByteBuffer.wrap("here".getBytes(StandardCharsets.UTF_8)))).block(LIMIT);
            assertThat(Files.readString(odd)).isEqualTo("here");
            assertThat(trale.read(odd).blockLast(LIMIT)).isEqualTo(ByteBuffer.wrap("here".getBytes(StandardCharsets.UTF_8)));
        }
    }
}
