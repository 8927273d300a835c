package io.trale.reactive.tls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.trale.reactive.ConnectOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.Server;
import io.trale.reactive.TlsOptions;
import io.trale.reactive.Trale;
import io.trale.reactive.codec.Lines;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// TLS on the real kernel, against the JDK's sockets and against itself.
class TlsTest {

    private static final SSLContext CONTEXT = TestKeys.SERVER.context();

    private final Trale trale = Trale.start();
    private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        trale.close();
    }

    private static TlsOptions tls(String... protocols) {
        TlsOptions options = TlsOptions.of(CONTEXT);
        return protocols.length == 0 ? options : options.parameters(all -> all.setProtocols(protocols));
    }

    private Server serve(TlsOptions options, Function<? super Connection, ? extends Publisher<Void>> handler) {
        return trale.serve(0, handler, ServeOptions.defaults().tls(options)
                .onConnectionError((connection, failure) -> failures.add(failure))).block();
    }

    private Connection connect(Server server, TlsOptions options) {
        return trale.connect("localhost", server.port(), ConnectOptions.defaults().tls(options)).block();
    }

    private static SSLSocket socket(Server server, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) CONTEXT.getSocketFactory().createSocket("localhost", server.port());
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        return socket;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(length).nextBytes(bytes);
        return bytes;
    }

    private static Mono<byte[]> all(Flux<ByteBuffer> received) {
        return received.collect(ByteArrayOutputStream::new, (all, bytes) -> all.write(bytes.array(), bytes.arrayOffset(), bytes.remaining()))
                .map(ByteArrayOutputStream::toByteArray);
    }

    private static Flux<ByteBuffer> chunks(byte[] bytes, int size) {
        return Flux.range(0, (bytes.length + size - 1) / size)
                .map(i -> ByteBuffer.wrap(bytes, i * size, Math.min(size, bytes.length - i * size)));
    }

    // ---- data

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void echoesToASocketOfTheJdk(String protocol) throws Exception {
        Server server = serve(tls(), c -> c.send(c.receive()));
        try (SSLSocket client = socket(server, protocol)) {
            byte[] bytes = random(1_000_000);
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                try {
                    client.getOutputStream().write(bytes);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertArrayEquals(bytes, client.getInputStream().readNBytes(bytes.length));
            writing.join();
            assertEquals(protocol, client.getSession().getProtocol());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 16_384, 16_385, 100_000, 1_000_000})
    void bothSidesSendChunksOfAnySize(int size) {
        byte[] up = random(Math.max(2000, Math.min(3 * size, 2_000_000)));
        byte[] down = random(up.length / 2);
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        Server server = serve(tls(), c -> Mono.when(all(c.receive()).doOnNext(received::complete),
                c.send(chunks(down, size)).then(c.shutdownOutput())));
        Connection client = connect(server, tls());
        byte[] back = Mono.zip(all(client.receive()),
                client.send(chunks(up, size)).then(client.shutdownOutput()).thenReturn(true)).block().getT1();
        assertArrayEquals(down, back);
        assertArrayEquals(up, received.join());
        client.close().block();
    }

    @Test
    void leasesAndReadersSeePlaintext() {
        byte[] bytes = random(300_000);
        Server server = serve(tls(), c -> c.sendLeases(c.receiveLeases()).then(c.shutdownOutput()));
        Connection client = connect(server, tls());
        Mono<byte[]> back = client.receiveWith(memory -> memory.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
                .collect(ByteArrayOutputStream::new, (all, part) -> all.writeBytes(part)).map(ByteArrayOutputStream::toByteArray);
        assertArrayEquals(bytes, Mono.zip(back,
                client.send(chunks(bytes, 10_000)).then(client.shutdownOutput()).thenReturn(true)).block().getT1());
        client.close().block();
    }

    @Test
    void aHeaderThenABody() {
        Server server = serve(tls(), c -> c.receive().transform(Lines.of(UTF_8)).next()
                .flatMap(line -> c.send(Flux.concat(Mono.just(UTF_8.encode(line + "\n")), c.receive()))));
        Connection client = connect(server, tls());
        client.send(Flux.just(UTF_8.encode("head\nbo"), UTF_8.encode("dy"))).then(client.shutdownOutput()).block();
        assertEquals("head\nbody", new String(all(client.receive()).block(), UTF_8));
        client.close().block();
    }

    @Test
    void whatASubscriberDidNotTakeIsForTheNext() {
        byte[] bytes = random(200_000);
        Server server = serve(tls(), c -> c.send(chunks(bytes, 50_000)).then(c.shutdownOutput()));
        Connection client = connect(server, tls());
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (true) {
            ByteBuffer next = client.receive().next().block();
            if (next == null) {
                break;
            }
            all.write(next.array(), 0, next.remaining());
        }
        assertArrayEquals(bytes, all.toByteArray());
        client.close().block();
    }

    @Test
    void overAUnixSocketWithAPeerHost(@TempDir Path directory) {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        trale.serve(address, c -> c.send(c.receive()), ServeOptions.defaults().tls(tls())).block();
        Connection client = trale.connect(address, ConnectOptions.defaults().tls(tls().peerHost("localhost"))).block();
        client.send(Mono.just(UTF_8.encode("hello"))).block();
        assertEquals("hello", UTF_8.decode(client.receive().next().block()).toString());
        client.close().block();
        Exception failure = assertThrows(IllegalArgumentException.class,
                () -> trale.connect(address, ConnectOptions.defaults().tls(tls())).block());
        assertTrue(failure.getMessage().contains("peerHost"), failure.getMessage());
    }

    // ---- the session

    @Test
    void alpnSniAndCertificatesAreKnown() throws Exception {
        BlockingQueue<Connection> served = new LinkedBlockingQueue<>();
        Server server = serve(tls().applicationProtocols("h2", "http/1.1").parameters(all -> all.setNeedClientAuth(true)), c -> {
            served.add(c);
            return c.receive().then();
        });
        TlsOptions options = TlsOptions.of(TestKeys.CLIENT.context()).applicationProtocols("http/1.1");
        Connection client = connect(server, options);
        assertEquals("http/1.1", client.tls().orElseThrow().applicationProtocol());
        X509Certificate certificate = (X509Certificate) client.tls().orElseThrow().session().getPeerCertificates()[0];
        assertEquals(TestKeys.SERVER.certificate(), certificate);
        assertEquals(TestKeys.CLIENT.certificate(),
                served.take().tls().orElseThrow().session().getPeerCertificates()[0]);
        client.close().block();
    }

    @Test
    void aClientWithoutTheCertificateAskedForIsRefused() throws Exception {
        TlsOptions needy = tls("TLSv1.2").parameters(all -> all.setNeedClientAuth(true));
        Server server = serve(needy, c -> c.receive().then());
        SSLContext anonymous = SSLContext.getInstance("TLS");
        anonymous.init(null, TestKeys.trust(), null);
        assertInstanceOf(SSLException.class, assertFails(() -> connect(server, TlsOptions.of(anonymous))));
        assertInstanceOf(SSLException.class, failures.take());
    }

    @Test
    void aServerThatIsNotTrustedIsRefused() throws Exception {
        Server server = serve(tls(), c -> c.receive().then());
        TlsOptions ofTheJdk = TlsOptions.of(SSLContext.getDefault());
        assertInstanceOf(SSLException.class, assertFails(() -> connect(server, ofTheJdk)));
        assertInstanceOf(SSLException.class, failures.take());
    }

    @Test
    void aCertificateOfAnotherHostIsRefused() throws Exception {
        Server server = serve(tls(), c -> c.receive().then());
        Throwable failure = assertFails(() -> connect(server, tls().peerHost("example.org")));
        assertInstanceOf(SSLException.class, failure);
        assertInstanceOf(SSLException.class, failures.take());
    }

    private static Throwable assertFails(Runnable action) {
        return Exceptions.unwrap(assertThrows(RuntimeException.class, action::run));
    }

    // ---- ends

    @Test
    void anEndWithoutCloseNotifyFails() throws Exception {
        BlockingQueue<Throwable> ends = new LinkedBlockingQueue<>();
        Server server = serve(tls(), c -> c.receive().then().doOnError(ends::add));
        try (Socket plain = new Socket("localhost", server.port());
                SSLSocket client = (SSLSocket) CONTEXT.getSocketFactory().createSocket(plain, "localhost", server.port(), false)) {
            client.startHandshake();
            client.getOutputStream().write(1);
            plain.shutdownOutput();
            Throwable failure = ends.take();
            assertInstanceOf(SSLException.class, failure);
            assertTrue(failure.getMessage().contains("close_notify"), failure.getMessage());
        }
    }

    @Test
    void anEndWithoutCloseNotifyMayBeAllowed() throws Exception {
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        Server server = serve(tls().allowTruncation(), c -> all(c.receive()).doOnNext(received::complete).then());
        try (Socket plain = new Socket("localhost", server.port());
                SSLSocket client = (SSLSocket) CONTEXT.getSocketFactory().createSocket(plain, "localhost", server.port(), false)) {
            client.startHandshake();
            client.getOutputStream().write(7);
            plain.shutdownOutput();
            assertArrayEquals(new byte[] {7}, received.get());
        }
    }

    @Test
    void closeFlushesAndSaysSo() throws Exception {
        byte[] bytes = random(400_000);
        Server server = serve(tls(), c -> c.send(chunks(bytes, 1000)));
        try (SSLSocket client = socket(server)) {
            assertArrayEquals(bytes, client.getInputStream().readAllBytes());
        }
    }

    @Test
    void oneSideMayEndBeforeTheOther() {
        byte[] bytes = random(300_000);
        Server server = serve(tls("TLSv1.3"), c -> all(c.receive()).flatMap(received -> c.send(chunks(received, 5000))));
        Connection client = connect(server, tls());
        client.send(chunks(bytes, 7000)).then(client.shutdownOutput()).block();
        assertArrayEquals(bytes, all(client.receive()).block());
        assertInstanceOf(SSLException.class, assertFails(() -> client.send(Mono.just(ByteBuffer.allocate(1))).block()));
        client.close().block();
    }

    @Test
    void damagedRecordsFail() throws Exception {
        BlockingQueue<Throwable> ends = new LinkedBlockingQueue<>();
        Server server = serve(tls(), c -> c.receive().then().doOnError(ends::add));
        try (Socket plain = new Socket("localhost", server.port());
                SSLSocket client = (SSLSocket) CONTEXT.getSocketFactory().createSocket(plain, "localhost", server.port(), false)) {
            client.startHandshake();
            plain.getOutputStream().write(new byte[] {23, 3, 3, 0, 20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
            assertInstanceOf(SSLException.class, ends.take());
        }
    }

    // ---- the handshake

    @Test
    void aPeerThatSpeaksNoTlsFailsTheHandshake() throws Exception {
        Server server = serve(tls(), c -> c.receive().then());
        try (Socket client = new Socket("localhost", server.port())) {
            client.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
            client.shutdownOutput();
            assertInstanceOf(SSLException.class, failures.take());
            assertTrue(client.getInputStream().readAllBytes().length > 0, "no alert");
        }
    }

    @Test
    void aPeerThatClosesFailsTheHandshake() throws Exception {
        Server server = serve(tls(), c -> c.receive().then());
        new Socket("localhost", server.port()).close();
        assertInstanceOf(SSLException.class, failures.take());
    }

    @Test
    void aSilentPeerExceedsTheTimeOfTheHandshake() throws Exception {
        Server server = serve(tls().handshakeTimeout(Duration.ofMillis(10)), c -> c.receive().then());
        try (Socket client = new Socket("localhost", server.port())) {
            assertInstanceOf(TimeoutException.class, failures.take());
            assertThrows(IOException.class, () -> {
                if (client.getInputStream().read() < 0) {
                    throw new IOException("end");
                }
            });
        }
    }

    @Test
    void aCancelledConnectClosesTheSocket() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            var connect = trale.connect("localhost", silent.getLocalPort(), ConnectOptions.defaults().tls(tls())).subscribe();
            try (Socket accepted = silent.accept()) {
                InputStream in = accepted.getInputStream();
                assertEquals(22, in.read(), "a handshake record");
                connect.dispose();
                assertThrows(IOException.class, () -> {
                    while (in.read() >= 0) {}
                    throw new IOException("end");
                });
            }
        }
    }

    // ---- STARTTLS

    @Test
    void aLiveConnectionIsUpgraded() {
        Server server = trale.serve(0, c -> c.receive().transform(Lines.of(UTF_8)).next()
                .flatMap(line -> c.send(Mono.just(UTF_8.encode("go\n"))))
                .then(c.startTls(tls()))
                .then(Mono.defer(() -> c.send(c.receive())))).block();
        Connection client = trale.connect(new InetSocketAddress("localhost", server.port())).block();
        client.send(Mono.just(UTF_8.encode("STARTTLS\n"))).block();
        assertEquals("go", client.receive().transform(Lines.of(UTF_8)).next().block());
        client.startTls(tls().peerHost("localhost")).block();
        client.send(Mono.just(UTF_8.encode("secret"))).block();
        assertEquals("secret", UTF_8.decode(client.receive().next().block()).toString());
        assertTrue(assertFails(() -> client.startTls(tls()).block()).getMessage().contains("before"));
        client.close().block();
    }

    @Test
    void aSendDuringTheHandshakeWaits() {
        Server server = trale.serve(0, c -> c.startTls(tls()).then(Mono.defer(() -> c.send(c.receive())))).block();
        Connection client = trale.connect(new InetSocketAddress("localhost", server.port())).block();
        Mono.when(client.startTls(tls().peerHost("localhost")), client.send(Mono.just(UTF_8.encode("early")))).block();
        assertEquals("early", UTF_8.decode(client.receive().next().block()).toString());
        client.close().block();
    }

    // ---- against a server of the JDK

    @Test
    void connectsToAServerOfTheJdk() throws Exception {
        try (SSLServerSocket listener = (SSLServerSocket) CONTEXT.getServerSocketFactory().createServerSocket(0)) {
            SSLParameters parameters = listener.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"echo"});
            listener.setSSLParameters(parameters);
            CompletableFuture<List<String>> served = CompletableFuture.supplyAsync(() -> {
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                    socket.getInputStream().transferTo(socket.getOutputStream());
                    return List.of(socket.getApplicationProtocol(), socket.getSession().getProtocol());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            Connection client = trale.connect("localhost", listener.getLocalPort(),
                    ConnectOptions.defaults().tls(tls().applicationProtocols("echo"))).block();
            byte[] bytes = random(500_000);
            assertArrayEquals(bytes, Mono.zip(all(client.receive()),
                    client.send(chunks(bytes, 9999)).then(client.shutdownOutput()).thenReturn(true)).block().getT1());
            assertEquals(List.of("echo", "TLSv1.3"), served.get());
            client.close().block();
        }
    }
}
