package io.trale.examples.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import java.io.BufferedReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Regular requests, and paths that would lead out of the directory.
@Timeout(60)
class WebServerTest {

    @TempDir
    private Path directory;

    private Path root;
    private TestServer server;
    private HttpClient client;

    @BeforeEach
    void serveADirectory() throws Exception {
        root = Files.createDirectory(directory.resolve("site"));
        Files.writeString(root.resolve("index.html"), "<h1>home</h1>");
        Files.writeString(root.resolve("a b.txt"), "spaced");
        Files.writeString(Files.createDirectories(root.resolve("docs/deep")).resolve("page.txt"), "deep page");
        Files.writeString(root.resolve("docs/index.html"), "docs");
        Files.writeString(root.resolve("empty"), "");
        server = new TestServer(root, Limits.DEFAULT);
        client = HttpClient.newHttpClient();
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + server.port() + path);
    }

    // ---- existing files

    @Test
    void aFileIsSentWithItsTypeLengthAndDate() throws Exception {
        Files.setLastModifiedTime(root.resolve("index.html"), FileTime.from(Instant.parse("2001-02-03T04:05:06.7Z")));
        HttpResponse<String> response = get("/index.html");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("<h1>home</h1>");
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/html");
        assertThat(response.headers().firstValue("Content-Length")).hasValue("13");
        assertThat(response.headers().firstValue("Last-Modified")).hasValue("Sat, 03 Feb 2001 04:05:06 GMT");
        assertThat(get("/empty").body()).isEmpty();
        assertThat(get("/empty").headers().firstValue("Content-Type")).hasValue("application/octet-stream");
    }

    @Test
    void aNameIsDecodedAndAQueryIgnored() throws Exception {
        assertThat(get("/a%20b.txt").body()).isEqualTo("spaced");
        assertThat(get("/docs/../a%20b.txt?x=/../y").body()).isEqualTo("spaced");
        assertThat(server.talk("GET http://example.org/docs/deep/page.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200 OK").endsWith("\r\n\r\ndeep page");
    }

    @Test
    void aDirectoryIsServedAsItsIndex() throws Exception {
        assertThat(get("/").body()).isEqualTo("<h1>home</h1>");
        assertThat(get("/docs/").body()).isEqualTo("docs");
        assertThat(get("/docs").statusCode()).isEqualTo(301);
        assertThat(uri("/docs").resolve(get("/docs").headers().firstValue("Location").orElseThrow())).isEqualTo(uri("/docs/"));
        assertThat(get("/docs/deep/").statusCode()).isEqualTo(404);
        assertThat(get("/index.html/").statusCode()).isEqualTo(404);
    }

    @Test
    void aRedirectLeadsToNoOtherHost() throws Exception {
        String response = server.talk("GET /%2fdocs HTTP/1.0\r\n\r\n") + server.talk("GET //docs/docs HTTP/1.0\r\n\r\n");
        assertThat(response.lines().filter(line -> line.startsWith("Location:")))
                .containsExactly("Location: ./%2fdocs/", "Location: ./docs/");
    }

    @Test
    void aLargeFileArrivesCompletely() throws Exception {
        byte[] bytes = new byte[20_000_003];
        new Random(1).nextBytes(bytes);
        Files.write(root.resolve("large"), bytes);
        assertThat(client.send(HttpRequest.newBuilder(uri("/large")).build(), BodyHandlers.ofByteArray()).body())
                .isEqualTo(bytes);
    }

    @Test
    void aMissingFileIsAOneLineReply() throws Exception {
        HttpResponse<String> response = get("/nothing");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("404 Not Found\n");
        assertThat(get("/index.html/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/" + "x".repeat(300)).statusCode()).isEqualTo(404);
    }

    @Test
    void aPipeIsNotOpened() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).start().waitFor()).isZero();
        assertThat(get("/pipe").statusCode()).isEqualTo(404);
    }

    @Test
    void theCommandPrintsItsPortAndServesUntilTerminated() throws Exception {
        Process command = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), "io.trale.examples.Main",
                "web-server", "--port", "0", "--verbose", root.toString()).start();
        try (BufferedReader out = command.inputReader(); BufferedReader err = command.errorReader()) {
            String line = out.readLine();
            assertThat(line).matches("listening on port [0-9]+");
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port)).build();
            assertThat(client.send(request, BodyHandlers.ofString()).body()).isEqualTo("<h1>home</h1>");
            assertThat(err.readLine()).isEqualTo("New Connection");
            assertThat(err.readLine()).isEqualTo("Got request: GET /");
        } finally {
            command.destroy();
        }
        assertThat(command.waitFor()).isEqualTo(128 + 15); // SIGTERM
    }

    // ---- methods and conditions

    @Test
    void headSendsNoBody() throws Exception {
        String response = server.talk("HEAD /index.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(response).startsWith("HTTP/1.1 200 OK\r\n").contains("Content-Length: 13\r\n").endsWith("\r\n\r\n");
        response = server.talk("HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(response).startsWith("HTTP/1.1 404 Not Found\r\n").endsWith("\r\n\r\n");
    }

    @Test
    void anUnchangedFileIsNotSentAgain() throws Exception {
        String date = get("/").headers().firstValue("Last-Modified").orElseThrow();
        HttpResponse<String> response = get("/", "If-Modified-Since", date);
        assertThat(response.statusCode()).isEqualTo(304);
        assertThat(response.body()).isEmpty();
        assertThat(get("/", "If-Modified-Since", "Sat, 03 Feb 2001 04:05:06 GMT").statusCode()).isEqualTo(200);
        assertThat(get("/", "If-Modified-Since", "yesterday").statusCode()).isEqualTo(200);
    }

    @Test
    void otherMethodsAreRejectedAndTheirBodyIsNoRequest() throws Exception {
        String response = server.talk("""
                POST / HTTP/1.1\r
                Host: x\r
                Content-Length: 35\r
                \r
                GET /index.html HTTP/1.1\r
                Host: x\r
                \r
                """);
        assertThat(response).startsWith("HTTP/1.1 405 Method Not Allowed\r\n").contains("Allow: GET, HEAD\r\n",
                "Connection: close\r\n").endsWith("\r\n\r\n405 Method Not Allowed\n");
    }

    // ---- connections

    @Test
    void requestsOnOneConnectionAreAnsweredInOrder() throws Exception {
        String response = server.talk("""
                GET /docs/deep/page.txt HTTP/1.1\r
                Host: x\r
                \r
                HEAD / HTTP/1.1\r
                Host: x\r
                \r
                GET /nothing HTTP/1.1\r
                Host: x\r
                \r
                GET /empty HTTP/1.1\r
                Host: x\r
                \r
                GET / HTTP/1.1\r
                Host: x\r
                Connection: close\r
                \r
                GET / HTTP/1.1\r
                Host: x\r
                \r
                """);
        assertThat(response.replaceAll("(?m)^(?!HTTP)[A-Z].*\r\n", "")).isEqualTo("""
                HTTP/1.1 200 OK\r
                \r
                deep pageHTTP/1.1 200 OK\r
                \r
                HTTP/1.1 404 Not Found\r
                \r
                404 Not Found
                HTTP/1.1 200 OK\r
                \r
                HTTP/1.1 200 OK\r
                \r
                <h1>home</h1>""");
    }

    @Test
    void pipelinedRequestsAreReadAsTheyAreAnswered() throws Exception {
        int count = 1000; // many times as many as the server reads ahead
        String response = server.talk("GET /docs/ HTTP/1.1\r\nHost: x\r\n\r\n".repeat(count)
                + "GET /docs/ HTTP/1.0\r\n\r\n");
        assertThat(response.split("\r\n\r\ndocs", -1)).hasSize(count + 2);
    }

    @Test
    void aRequestMayArriveByteByByte() throws Exception {
        try (Socket socket = server.connect()) {
            socket.setTcpNoDelay(true);
            for (byte b : "GET /docs/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1)) {
                socket.getOutputStream().write(b);
            }
            assertThat(TestServer.rest(socket)).startsWith("HTTP/1.1 200").endsWith("\r\n\r\ndocs");
        }
    }

    @Test
    void http10ClosesTheConnectionUnlessKeptAlive() throws Exception {
        assertThat(server.talk("GET /docs/ HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200").contains("Connection: close");
        String response = server.talk("GET /docs/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /docs/ HTTP/1.0\r\n\r\n");
        assertThat(response).containsSubsequence("HTTP/1.1 200", "Connection: keep-alive", "docs", "HTTP/1.1 200",
                "Connection: close", "docs");
    }

    // ---- the root

    @ParameterizedTest
    @ValueSource(strings = {"/../secret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/docs/..%2f..%2fsecret", "/..%5csecret",
        "/docs/../../secret", "//../secret", "/%2f../secret", "/./../secret", "/../site-secret/index.html", "/..",
        "../secret", "http://x/../secret", "/.%00./secret", "/index.html%00", "/%c0%ae%c0%ae/secret", "/out", "/out/",
        "/outside", "/outside/secret", "/loop", "ABSOLUTE", "/ABSOLUTE", "/%2fABSOLUTE"})
    void noPathLeavesTheRoot(String target) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        Files.writeString(Files.createDirectory(directory.resolve("site-secret")).resolve("index.html"), "secret");
        Files.createSymbolicLink(root.resolve("out"), secret);
        Files.createSymbolicLink(root.resolve("outside"), directory);
        Files.createSymbolicLink(root.resolve("loop"), root.resolve("loop"));
        String response = server.talk("GET " + target.replace("ABSOLUTE", secret.toString()) + " HTTP/1.0\r\n\r\n");
        assertThat(response).matches("(?s)HTTP/1.1 (400|404) .*").doesNotEndWith("secret");
    }

    @Test
    void aLinkThatStaysInsideIsFollowed() throws Exception {
        Files.createSymbolicLink(root.resolve("home"), root.resolve("docs/../index.html"));
        assertThat(get("/home").body()).isEqualTo("<h1>home</h1>");
    }

    @Test
    void anUnreadableFileIsForbiddenOrServedToTheSuperuser() throws Exception {
        Path file = Files.writeString(root.resolve("private"), "private");
        file.toFile().setReadable(false, false);
        assertThat(get("/private").statusCode()).isEqualTo(Files.isReadable(file) ? 200 : 403);
    }
}
