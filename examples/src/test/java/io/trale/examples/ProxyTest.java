package io.trale.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A client, a server, and the proxy between them.
@Timeout(60)
class ProxyTest {

    private ServerSocket listener;
    private CommandProcess proxy;
    private Socket client;
    /// The accepted socket of the proxied connection.
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        proxy = new CommandProcess("proxy", "--port", "0", "127.0.0.1:" + listener.getLocalPort());
        client = proxy.connect();
        server = listener.accept();
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
        listener.close();
        proxy.close();
    }

    private static String read(Socket socket, int count) throws IOException {
        return new String(socket.getInputStream().readNBytes(count), UTF_8);
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Test
    void manyBytesPassInBothDirectionsAtOnce() throws Exception {
        byte[] there = Exchange.bytes(32_000_001, 1);
        byte[] back = Exchange.bytes(24_000_001, 2);
        FutureTask<byte[]> atServer = new FutureTask<>(() -> Exchange.of(server, back));
        Thread.ofPlatform().start(atServer);
        assertThat(Exchange.of(client, there)).isEqualTo(back);
        assertThat(atServer.get()).isEqualTo(there);
    }

    @Test
    void theServerMaySendAfterTheClientHasEnded() throws Exception {
        write(client, "question");
        client.shutdownOutput();
        assertThat(server.getInputStream().readAllBytes()).asString().isEqualTo("question");
        write(server, "answer");
        server.close();
        assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("answer");
    }

    @Test
    void theClientMaySendAfterTheServerHasEnded() throws Exception {
        write(server, "greeting");
        server.shutdownOutput();
        assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("greeting");
        write(client, "thanks");
        client.close();
        assertThat(server.getInputStream().readAllBytes()).asString().isEqualTo("thanks");
    }

    @Test
    void aResetOfTheClientResetsTheServer() throws Exception {
        write(client, "x");
        assertThat(read(server, 1)).isEqualTo("x");
        reset(client);
        assertThatThrownBy(() -> server.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void aResetOfTheServerResetsTheClient() throws Exception {
        write(client, "x");
        assertThat(read(server, 1)).isEqualTo("x");
        reset(server);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void anUnreachableServerIsReportedAndTheClientClosed() throws Exception {
        listener.close();
        try (Socket unlucky = proxy.connect()) {
            assertThat(unlucky.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(proxy.complained()).isEqualTo("trale proxy: connect(127.0.0.1:" + listener.getLocalPort()
                + "): ECONNREFUSED, connection refused");
        write(client, "still there");
        assertThat(read(server, 11)).isEqualTo("still there");
        proxy.terminate();
        assertThat(proxy.complained()).as("no second line").isNull();
    }
}
