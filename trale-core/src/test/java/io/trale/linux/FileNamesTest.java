package io.trale.linux;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.io.Buffer;
import io.trale.net.UnixDatagramSocket;
import io.trale.net.UnixListener;
import io.trale.net.UnixStream;
import io.trale.task.Executor;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// File names that the JVM cannot decode, and paths of other file systems: the kernel receives the exact bytes, or no call.
@Timeout(60)
class FileNamesTest {

    /// "caf\u00e9" in Latin-1, after a byte that is in no UTF-8; a UTF-8 reader replaces both, an ASCII reader as well.
    private static final String ODD = "%FFcaf%E9";

    @TempDir
    private Path directory;

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    private Path odd() {
        return Path.of(URI.create(directory.toUri() + ODD));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2f6574632f686f737473", "2f", "61", "612f62", "ff636166e9", "2fff2fe9", "636166c3a9", "efbfbd", "2ec3a9",
        "25c3a9", "61ff25", "c3a92f2e2e2f61"})
    void bytesOfANameAreKept(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        assertThat(FileNames.bytes(FileNames.path(bytes))).isEqualTo(bytes);
    }

    @Test
    void theEmptyPathHasNoBytes() {
        assertThat(FileNames.bytes(Path.of(""))).isEmpty();
    }

    @Test
    void fileOfAnUndecodableNameIsOpened() throws Exception {
        Files.writeString(odd(), "here");
        Executor.blockOn(async(() -> {
            try (File file = await(File.open(odd())); Buffer buffer = Buffer.allocate(16)) {
                assertThat(await(file.read(buffer))).isEqualTo(4);
            }
            await(File.create(odd())).close();
        }));
        assertThat(Files.size(odd())).isZero();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).as("no file of another name").containsExactly(odd());
        }
    }

    @Test
    void directoryOfAnUndecodableNameIsMade() throws Exception {
        Executor.blockOn(File.mkdir(odd()));
        assertThat(odd()).isDirectory();
    }

    @Test
    void unixSocketsOfUndecodableNamesMeet() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(odd());
        Executor.blockOn(async(() -> {
            try (UnixListener listener = UnixListener.bind(address)) {
                assertThat(Files.exists(odd())).isTrue();
                for (UnixStream stream : await(join(UnixStream.connect(address), listener.accept()))) {
                    stream.close();
                }
            }
        }));
        assertThat(Files.exists(odd())).isFalse();
    }

    @Test
    void senderOfAnUndecodableNameIsTold() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(odd());
        UnixDomainSocketAddress other = UnixDomainSocketAddress.of(directory.resolve("other"));
        Executor.blockOn(async(() -> {
            try (UnixDatagramSocket one = UnixDatagramSocket.bind(address);
                    UnixDatagramSocket two = UnixDatagramSocket.bind(other); Buffer buffer = Buffer.allocate(8)) {
                buffer.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 'x');
                await(one.sendTo(buffer, 0, 1, other));
                assertThat(await(two.receive(buffer)).sender()).isEqualTo(address);
            }
        }));
    }

    @Test
    void pathOfAnotherFileSystemIsRefused() throws Exception {
        Path host = Files.writeString(directory.resolve("file"), "the host's");
        try (FileSystem zip = FileSystems.newFileSystem(directory.resolve("a.zip"), Map.of("create", "true"))) {
            Path foreign = zip.getPath(host.toString());
            assertThatThrownBy(() -> File.create(foreign)).isInstanceOf(ProviderMismatchException.class)
                    .hasMessageContaining("jar");
            assertThatThrownBy(() -> File.open(foreign)).isInstanceOf(ProviderMismatchException.class);
            assertThatThrownBy(() -> File.mkdir(foreign)).isInstanceOf(ProviderMismatchException.class);
        }
        assertThat(Files.readString(host, StandardCharsets.UTF_8)).isEqualTo("the host's");
    }
}
