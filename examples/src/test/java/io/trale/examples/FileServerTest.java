package io.trale.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Requests for files, one after the other, and for names without a file.
@Timeout(60)
class FileServerTest {

    /// More bytes than the buffers of two sockets hold.
    private static final long HUGE = 1L << 27;

    @TempDir
    private Path directory;

    private Path site;
    private Trale trale;
    private Server server;
    private final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();

    @BeforeEach
    void serve() throws Exception {
        site = Files.createDirectory(directory.resolve("site"));
        Files.writeString(site.resolve("hello"), "hello, world\n");
        Files.writeString(site.resolve("empty"), "");
        Root root = new Root(site);
        trale = Trale.start();
        server = trale.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                client -> FileServer.answer(trale, root, client),
                ServeOptions.defaults().onConnectionError((connection, failure) -> errors.add(failure))).block();
    }

    @AfterEach
    void close() {
        trale.close();
    }

    private Socket ask(String names) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.getOutputStream().write(names.getBytes(UTF_8));
        socket.shutdownOutput();
        return socket;
    }

    private String answer(String names) throws IOException {
        try (Socket socket = ask(names)) {
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    @Test
    void eachLineIsAnsweredInOrder() throws Exception {
        assertThat(answer("hello\nnothing\r\nempty\r\n\n/../site/./hello"))
                .isEqualTo("OK 13\nhello, world\nERR no such file\nOK 0\nERR not a readable file\nOK 13\nhello, world\n");
    }

    @Test
    void largeFilesArriveCompletely() throws Exception {
        byte[] large = new byte[10_000_001];
        new Random(1).nextBytes(large);
        Files.write(site.resolve("large"), large);
        try (Socket socket = ask("large\n".repeat(3))) {
            for (int i = 0; i < 3; i++) {
                assertThat(socket.getInputStream().readNBytes(12)).isEqualTo("OK 10000001\n".getBytes(UTF_8));
                assertThat(socket.getInputStream().readNBytes(large.length)).isEqualTo(large);
            }
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void noNameLeadsOutOfTheDirectory() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        Files.writeString(Files.createDirectory(directory.resolve("site-secret")).resolve("file"), "secret");
        Files.createSymbolicLink(site.resolve("link"), secret);
        assertThat(answer("../secret\n/../secret\n" + secret + "\nlink\n../site-secret/file\n\0\n").lines())
                .hasSize(6).containsOnly("ERR no such file");
    }

    @Test
    void aNameThatIsTooLongEndsTheConnectionAfterPendingReplies() throws Exception {
        assertThat(answer("hello\n" + "x".repeat(4097) + "\nhello\n")).isEqualTo("OK 13\nhello, world\n");
    }

    @Test
    void aFileThatShrinksBreaksTheConnection() throws Exception {
        Path file = site.resolve("huge");
        try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
            huge.setLength(HUGE);
            try (Socket socket = ask("huge\nhello\n")) {
                assertThat(socket.getInputStream().readNBytes(3)).isEqualTo("OK ".getBytes(UTF_8));
                huge.setLength(1);
                while (errors.isEmpty()) {
                    socket.getInputStream().skipNBytes(1 << 10);
                }
            } catch (IOException reset) {
                // expected: the file is shorter than announced
            }
        }
        assertThat(errors.take()).isInstanceOf(EOFException.class).hasMessageContaining("before its length");
    }

    @Test
    void aGrowingFileIsSentWithItsFirstLength() throws Exception {
        Path file = site.resolve("huge");
        try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
            huge.setLength(HUGE);
            try (Socket socket = ask("huge\nhello\n")) {
                socket.getInputStream().skipNBytes(("OK " + HUGE + "\n").length());
                huge.setLength(2 * HUGE);
                socket.getInputStream().skipNBytes(HUGE);
                assertThat(socket.getInputStream().readAllBytes()).isEqualTo("OK 13\nhello, world\n".getBytes(UTF_8));
            }
        }
    }
}
