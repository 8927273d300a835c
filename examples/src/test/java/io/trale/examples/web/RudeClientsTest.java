package io.trale.examples.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Clients that send malformed or too much data, send nothing, or do not read. Each receives at most a short reply, and is
/// disconnected.
@Timeout(60)
class RudeClientsTest {

    /// So large that no limit is reached by accident.
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration SHORT = Duration.ofMillis(20);
    /// More bytes than the buffers of two sockets hold.
    private static final long HUGE = 1L << 27;

    @TempDir
    private Path root;

    private TestServer server;

    @BeforeEach
    void makeAPage() throws Exception {
        Files.writeString(root.resolve("index.html"), "home");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void serve(Limits limits) throws Exception {
        server = new TestServer(root, limits);
    }

    private void serve() throws Exception {
        serve(new Limits(10, LONG, LONG, LONG));
    }

    // ---- malformed requests

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "400 Bad Request | hello~~",
        "400 Bad Request | GET~Host: x~~",
        "400 Bad Request | GET /~Host: x~~",
        "400 Bad Request | GET / HTTP/one~Host: x~~",
        "400 Bad Request | GET / HTTP/1.1 and more~Host: x~~",
        "400 Bad Request | GET / HTTP/1.1~~",
        "400 Bad Request | GET / HTTP/1.1~Host: x~Host: y~~",
        "400 Bad Request | GET / HTTP/1.1~Host: x~no colon~~",
        "400 Bad Request | GET / HTTP/1.1~Host: x~space before : colon~~",
        "400 Bad Request | GET /%zz HTTP/1.1~Host: x~~",
        "400 Bad Request | GET / HTTP/1.1~Host: x~Content-Length: many~~",
        "400 Bad Request | GET / HTTP/1.1~Host: x~Content-Length: -1~~",
        "400 Bad Request | GET / HTTP/1.1~Host: x~Content-Length: 1~Content-Length: 2~~",
        "501 Not Implemented | GET / HTTP/1.1~Host: x~Transfer-Encoding: shrunk~~",
        "505 Http Version Not Supported | PRI * HTTP/2.0~~SM~~"})
    void nonsenseIsAnsweredInOneLineAndTheConnectionClosed(String status, String request) throws Exception {
        serve();
        String response = server.talk(request.replace("~", "\r\n"));
        assertThat(response).startsWith("HTTP/1.1 " + status + "\r\n").contains("Connection: close\r\n")
                .endsWith("\r\n\r\n" + status + "\n");
    }

    @Test
    void aBodyThatCannotBeSkippedEndsTheConnection() throws Exception {
        serve();
        String head = "GET / HTTP/1.1\r\nHost: x\r\n";
        assertThat(server.talk(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + head + "\r\n"))
                .startsWith("HTTP/1.1 200").containsOnlyOnce("HTTP/1.1").endsWith("home");
        assertThat(server.talk(head + "Content-Length: 3\r\n\r\nabc" + head + "\r\n"))
                .startsWith("HTTP/1.1 200").containsOnlyOnce("HTTP/1.1").endsWith("home");
    }

    // ---- too much

    @Test
    void aHeadThatIsTooLargeIsRejectedAndTheReplyArrives() throws Exception {
        serve();
        String line = "GET / HTTP/1.1\r\nHost: x\r\n";
        String[] heads = {"GET /" + "x".repeat(1 << 20), line + "X: " + "x".repeat(1 << 20), line + "X: y\r\n".repeat(1 << 18),
            line + ("X: " + "y".repeat(1 << 10) + "\r\n").repeat(1 << 10)};
        for (String head : heads) {
            assertThat(server.talk(head)).startsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n")
                    .contains("Connection: close\r\n").endsWith("\r\n\r\n431 Request Header Fields Too Large\n");
        }
    }

    @Test
    void aHeadOfSixteenKilobytesIsReadAndSoIsTheNext() throws Exception {
        serve();
        String start = "GET / HTTP/1.1\r\nHost: x\r\n" + ("X: " + "y".repeat(1000) + "\r\n").repeat(16);
        String head = start + "X: " + "y".repeat((16 << 10) - start.length() - 7) + "\r\n\r\n";
        assertThat(head).hasSize(16 << 10);
        assertThat(server.talk(head + "GET / HTTP/1.0\r\n\r\n").split("HTTP/1.1 200 OK", -1)).hasSize(3);
    }

    // ---- too slow

    @Test
    void aRequestThatTakesTooLongGets408() throws Exception {
        serve(new Limits(10, LONG, SHORT, LONG));
        assertThat(server.talk("GET / HT")).startsWith("HTTP/1.1 408 Request Timeout\r\n")
                .contains("Connection: close\r\n").endsWith("\r\n\r\n408 Request Timeout\n");
    }

    @Test
    void aSilentClientIsDisconnectedWithoutAReply() throws Exception {
        serve(new Limits(10, SHORT, LONG, LONG));
        assertThat(server.talk("")).isEmpty();
        String response = "";
        while (response.isEmpty()) { // this thread itself was too slow
            try {
                response = server.talk("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            } catch (SocketException reset) { // far too slow
                continue;
            }
        }
        assertThat(response).startsWith("HTTP/1.1 200").endsWith("\r\n\r\nhome");
    }

    @Test
    void aClientThatDoesNotReadIsDisconnected() throws Exception {
        sparse("huge");
        serve(new Limits(10, LONG, LONG, SHORT));
        try (Socket socket = server.connect()) {
            send(socket, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(server.nextError()).startsWith("Error handling connection: ").endsWith("does not read");
            assertThat(discarded(socket)).isLessThan(HUGE);
        }
    }

    @Test
    void aWaitingClientIsServedWhenAnotherLeaves() throws Exception {
        serve(new Limits(1, LONG, LONG, LONG));
        try (Socket first = server.connect(); Socket second = server.connect()) {
            send(second, "GET / HTTP/1.0\r\n\r\n");
            for (int i = 0; i < 3; i++) { // lets the server run
                send(first, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
                readHead(first);
                assertThat(second.getInputStream().available()).isZero();
            }
            first.shutdownOutput();
            assertThat(TestServer.rest(second)).startsWith("HTTP/1.1 200").endsWith("home");
        }
    }

    // ---- files that change

    @Test
    void aShrinkingFileEndsTheConnectionEarly() throws Exception {
        Path file = sparse("huge");
        serve();
        try (Socket socket = server.connect()) {
            send(socket, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(readHead(socket)).contains("Content-Length: " + HUGE + "\r\n");
            try (RandomAccessFile shrunk = new RandomAccessFile(file.toFile(), "rw")) {
                shrunk.setLength(1);
            }
            assertThat(discarded(socket)).isLessThan(HUGE);
        }
        assertThat(server.nextError()).contains("ends at byte").endsWith("must have " + HUGE);
    }

    @Test
    void aGrowingFileIsSentWithItsFirstLength() throws Exception {
        Path file = sparse("huge");
        serve();
        try (Socket socket = server.connect()) {
            send(socket, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.0\r\n\r\n");
            readHead(socket);
            try (RandomAccessFile grown = new RandomAccessFile(file.toFile(), "rw")) {
                grown.setLength(2 * HUGE);
            }
            socket.getInputStream().skipNBytes(HUGE);
            assertThat(TestServer.rest(socket)).startsWith("HTTP/1.1 200").endsWith("home");
        }
    }

    // ---- all together

    @Test
    void aThousandRudeClientsLeakNothing() throws Exception {
        sparse("huge");
        serve(new Limits(50, LONG, LONG, LONG));
        String[] requests = {"", "G", "GET /huge HTTP/1.1\r\nHost: x\r\n", "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n", "\0\0\0\0",
            "\r\n".repeat(100), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"};
        try (Socket friend = server.connect()) {
            send(friend, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
            readHead(friend);
            long before = descriptors();
            for (int i = 0; i < 1000; i++) {
                try (Socket socket = server.connect()) {
                    send(socket, requests[i % requests.length]);
                    if (i % 3 == 0) {
                        socket.setSoLinger(true, 0); // a reset
                    }
                }
            }
            do {
                send(friend, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(readHead(friend)).startsWith("HTTP/1.1 200");
            } while (descriptors() != before);
            assertThat(server.errors()).as("errors logged for disconnected clients").isEmpty();
        }
    }

    // ---- clients

    private static void send(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
    }

    private static String readHead(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) socket.getInputStream().read());
        }
        return head.toString();
    }

    /// The number of bytes received before end of stream or a reset.
    private static long discarded(Socket socket) throws IOException {
        long count = 0;
        byte[] bytes = new byte[1 << 16];
        try {
            for (int read; (read = socket.getInputStream().read(bytes)) > 0;) {
                count += read;
            }
        } catch (SocketException reset) {
            return count;
        }
        return count;
    }

    /// A sparse file of `HUGE` bytes.
    private Path sparse(String name) throws IOException {
        Path path = root.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(HUGE);
        }
        return path;
    }

    /// The number of open descriptors of this process, except jars, which the JVM may open at any time.
    private static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(descriptor -> {
                try {
                    return !Files.readSymbolicLink(descriptor).toString().endsWith(".jar");
                } catch (IOException closed) {
                    return false; // closed after the listing
                }
            }).count();
        }
    }
}
