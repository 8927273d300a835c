package io.trale.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Clients of a file that grows, is truncated, and is replaced.
@Timeout(60)
class TailTest {

    /// More bytes than the buffers of two sockets hold.
    private static final int HUGE = 1 << 26;
    private static final Duration EVERY = Duration.ofMillis(5);

    @TempDir
    private Path directory;

    private Path file;
    private Trale trale;

    @BeforeEach
    void open() throws IOException {
        file = Files.writeString(directory.resolve("log"), "one\n");
        trale = Trale.start();
    }

    @AfterEach
    void close() {
        trale.close();
    }

    private Server serve(boolean onlyNew) {
        return trale.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                client -> Tail.follow(trale, file, EVERY, onlyNew, client)).block();
    }

    private final class Subscriber implements AutoCloseable {

        private final Socket socket;
        private final InputStream in;

        /// Waits for the first line: then the client has its read position.
        Subscriber(Server server) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
            in = new BufferedInputStream(socket.getInputStream());
            reads("==> " + file + " <==\n");
        }

        void reads(String text) throws IOException {
            assertThat(in.readNBytes(text.getBytes(UTF_8).length)).asString().isEqualTo(text);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private void append(Path path, String text) throws IOException {
        Files.writeString(path, text, APPEND);
    }

    @Test
    void allClientsReceiveTheContentAndAppendedData() throws Exception {
        Server server = serve(false);
        try (Subscriber first = new Subscriber(server)) {
            first.reads("one\n");
            append(file, "two\n");
            first.reads("two\n");
            try (Subscriber second = new Subscriber(server)) {
                second.reads("one\ntwo\n");
                append(file, "three\n");
                first.reads("three\n");
                second.reads("three\n");
            }
        }
    }

    @Test
    void withNewOnlyAppendedDataIsReceived() throws Exception {
        try (Subscriber subscriber = new Subscriber(serve(true))) {
            append(file, "two\n");
            subscriber.reads("two\n");
        }
    }

    @Test
    void aTruncatedFileIsReadFromItsStart() throws Exception {
        try (Subscriber subscriber = new Subscriber(serve(false))) {
            subscriber.reads("one\n");
            Files.writeString(file, "1\n");
            subscriber.reads("==> truncated <==\n1\n");
        }
    }

    @Test
    void aReplacedFileIsReadToItsEndFirst() throws Exception {
        try (Subscriber subscriber = new Subscriber(serve(false))) {
            subscriber.reads("one\n");
            Path successor = Files.writeString(directory.resolve("successor"), "new\n");
            append(file, "last\n");
            Files.move(successor, file, REPLACE_EXISTING);
            subscriber.reads("last\n==> replaced <==\nnew\n");
        }
    }

    @Test
    void aRenamedFileIsFollowedUntilItIsReplaced() throws Exception {
        try (Subscriber subscriber = new Subscriber(serve(false))) {
            subscriber.reads("one\n");
            Path renamed = Files.move(file, directory.resolve("log.1"));
            append(renamed, "two\n");
            subscriber.reads("two\n");
            append(renamed, "last\n");
            Files.writeString(file, "new\n");
            subscriber.reads("last\n==> replaced <==\nnew\n");
        }
    }

    @Test
    void aClientThatDoesNotReadDelaysNoOtherAndBuffersNothing() throws Exception {
        byte[] bytes = new byte[HUGE];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ('a' + i % 23); // no notice begins with one of these
        }
        Server server = serve(false);
        try (Subscriber fast = new Subscriber(server); Subscriber slow = new Subscriber(server);
                Subscriber late = new Subscriber(server)) {
            fast.reads("one\n");
            Files.write(file, bytes, APPEND);
            assertThat(fast.in.readNBytes(HUGE)).isEqualTo(bytes);
            late.reads("one\n");
            assertThat(late.in.readNBytes(HUGE)).isEqualTo(bytes);

            Files.writeString(file, "short\n");
            fast.reads("==> truncated <==\nshort\n");
            slow.reads("one\n");
            int count = 0;
            while (slow.in.read() == bytes[count]) {
                count++;
            }
            assertThat(count).as("bytes in transit").isLessThan(HUGE / 2);
            slow.reads("=> truncated <==\nshort\n");
        }
    }

    @Test
    void resourcesOfDisconnectedClientsAreReleased() throws Exception {
        Server server = serve(false);
        for (int i = 0; i < 50; i++) {
            try (Subscriber subscriber = new Subscriber(server)) {
                append(file, "more\n");
                subscriber.reads("one\n");
                if (i % 2 == 0) {
                    subscriber.socket.setSoLinger(true, 0);
                }
            }
        }
        Path timer = Path.of("anon_inode:[timerfd]");
        while (open(file) > 0 || open(timer) > 1) { // the loop itself has one timer
            Thread.onSpinWait();
        }
    }

    /// The number of descriptors of this process that refer to `target`.
    private static long open(Path target) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(descriptor -> {
                try {
                    return Files.readSymbolicLink(descriptor).equals(target);
                } catch (IOException closed) {
                    return false; // closed after the listing
                }
            }).count();
        }
    }

    @Test
    void theCommandEndsItsConnectionsWhenTerminated() throws Exception {
        try (CommandProcess command = new CommandProcess("tail", "--port", "0", "--every", "5", file.toString());
                Socket socket = command.connect()) {
            String expected = "==> " + file + " <==\none\n";
            assertThat(socket.getInputStream().readNBytes(expected.length())).asString().isEqualTo(expected);
            command.terminate();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            assertThat(command.waitFor()).isEqualTo(CommandProcess.TERMINATED);
        }
    }
}
