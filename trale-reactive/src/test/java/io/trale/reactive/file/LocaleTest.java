package io.trale.reactive.file;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.fs.File;
import io.trale.io.Buffer;
import io.trale.reactive.testing.Support;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.codec.Strings;
import io.trale.task.Executor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Non-ASCII names in a JVM with an ASCII locale: each names the same file as elsewhere, or fails. Next to each file are
/// decoys, with the names that decoding and encoding its name would produce.
@Timeout(60)
class LocaleTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<String> DECOYS = List.of("caf%3F", "caf%3F%3F", "caf%EF%BF%BD", "caf%EF%BF%BD%EF%BF%BD");

    @TempDir
    private Path directory;

    private static Path named(Path directory, String name) {
        return Path.of(URI.create(directory.toUri() + name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX"})
    void nonAsciiNamesNameTheSameFilesInAnyLocale(String locale) throws Exception {
        Files.writeString(named(directory, "caf%C3%A9"), "right");
        for (String decoy : DECOYS) {
            Files.writeString(named(directory, decoy), "decoy");
        }
        ProcessBuilder command = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", Support.classPath(), LocaleTest.class.getName(),
                directory.toString()).redirectErrorStream(true);
        command.environment().put("LC_ALL", locale);
        Process child = command.start();
        try {
            assertThat(new String(child.getInputStream().readAllBytes()).lines()).containsExactly("encoding ANSI_X3.4-1968",
                    "read right", "listed right", "opened right", "a string that is no name: InvalidPathException",
                    "over the socket right");
            assertThat(child.waitFor(40, TimeUnit.SECONDS)).isTrue();
        } finally {
            child.destroyForcibly();
        }
        assertThat(Files.readString(named(directory, "%C3%A9crit"))).isEqualTo("right");
        assertThat(Files.readString(named(directory, "cr%C3%A9%C3%A9"))).isEqualTo("right");
        for (String decoy : DECOYS) {
            assertThat(Files.readString(named(directory, decoy))).isEqualTo("decoy");
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).as("no file of another name").hasSize(DECOYS.size() + 3);
        }
    }

    /// The child process.
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        ByteBuffer bytes = ByteBuffer.wrap("right".getBytes(StandardCharsets.US_ASCII));
        System.out.println("encoding " + System.getProperty("sun.jnu.encoding"));
        try (Trale trale = Trale.start()) {
            Path file = named(directory, "caf%C3%A9");
            System.out.println("read " + text(trale, file));
            System.out.println("listed " + text(trale, listed(directory, file)));
            trale.write(named(directory, "%C3%A9crit"), Flux.just(bytes)).block(LIMIT);
            Executor.blockOn(async(() -> {
                try (File opened = await(File.open(file)); File made = await(File.create(named(directory, "cr%C3%A9%C3%A9")));
                        Buffer buffer = Buffer.allocate(5)) {
                    await(opened.read(buffer));
                    System.out.println("opened " + new String(buffer.segment().toArray(ValueLayout.JAVA_BYTE),
                            StandardCharsets.US_ASCII));
                    await(made.write(buffer, 0, 5));
                }
            }));
            try {
                System.out.println("a string names " + text(trale, directory.resolve("caf\u00e9")));
            } catch (InvalidPathException e) {
                System.out.println("a string that is no name: InvalidPathException");
            }
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(named(directory, "pri%C3%A8re"));
            Server server = trale.serve(address, connection -> connection.send(Flux.just(bytes))).block(LIMIT);
            System.out.println("over the socket " + trale.connect(address)
                    .flatMap(connection -> text(connection.receive())).block(LIMIT));
            server.disposeNow(LIMIT);
        }
        Executor.current().close();
    }

    private static Path listed(Path directory, Path file) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file::equals).findFirst().orElseThrow();
        }
    }

    private static String text(Trale trale, Path path) {
        return text(trale.read(path)).block(LIMIT);
    }

    private static Mono<String> text(Flux<ByteBuffer> bytes) {
        return bytes.transform(Strings.of(StandardCharsets.US_ASCII)).collect(Collectors.joining());
    }
}
