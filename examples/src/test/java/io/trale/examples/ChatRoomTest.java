package io.trale.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Which clients receive which lines, and which lines a slow client misses.
@Timeout(60)
class ChatRoomTest {

    private Trale trale;
    private Server server;

    @BeforeEach
    void open() {
        trale = Trale.start();
        server = trale.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), new ChatRoom()::enter).block();
    }

    @AfterEach
    void close() {
        trale.close();
    }

    private final class Client implements AutoCloseable {

        private final Socket socket = new Socket();
        private final BufferedReader heard;

        Client(String name) throws IOException {
            this(name, 1 << 16);
        }

        Client(String name, int receiveBufferBytes) throws IOException {
            socket.setReceiveBufferSize(receiveBufferBytes);
            socket.connect(server.localAddress());
            heard = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8), 1);
            assertThat(hears()).isEqualTo("Who are you?");
            says(name);
        }

        void says(String line) throws IOException {
            socket.getOutputStream().write((line + "\n").getBytes(UTF_8));
        }

        String hears() throws IOException {
            return heard.readLine();
        }

        void hearsAtLast(String line) throws IOException {
            while (!hears().equals(line)) {
                continue;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void everyClientReceivesLinesJoinsAndLeaves() throws Exception {
        try (Client ann = new Client("ann")) {
            ann.says("nobody yet");
            assertThat(ann.hears()).isEqualTo("ann: nobody yet");
            try (Client bob = new Client("bob\r")) {
                assertThat(ann.hears()).isEqualTo("* bob is here");
                bob.says("hello, Ännchen\r");
                assertThat(ann.hears()).isEqualTo("bob: hello, Ännchen").isEqualTo(bob.hears());
                ann.says("");
                ann.says("\u001b[2J\tclean");
                assertThat(bob.hears()).isEqualTo("ann: [2Jclean").isEqualTo(ann.hears());
                bob.socket.getOutputStream().write("bye".getBytes(UTF_8));
                bob.socket.shutdownOutput();
                assertThat(ann.hears()).isEqualTo("bob: bye");
                assertThat(ann.hears()).isEqualTo("* bob has left");
            }
        }
    }

    @Test
    void aClientThatIsResetHasLeft() throws Exception {
        try (Client ann = new Client("ann"); Client bob = new Client("bob")) {
            ann.says("I am in");
            ann.hearsAtLast("ann: I am in");
            bob.says("so am I");
            bob.hearsAtLast("bob: so am I");
            bob.socket.setSoLinger(true, 0);
            bob.socket.close();
            ann.hearsAtLast("* bob has left");
        }
    }

    @Test
    void aLineThatIsTooLongEndsTheConnection() throws Exception {
        try (Client ann = new Client("ann"); Client bob = new Client("bob")) {
            bob.says("x".repeat(ChatRoom.MAX_LINE_LENGTH));
            ann.hearsAtLast("bob: " + "x".repeat(ChatRoom.MAX_LINE_LENGTH));
            bob.says("x".repeat(ChatRoom.MAX_LINE_LENGTH + 1));
            ann.hearsAtLast("* bob has left");
            assertThat(bob.heard.lines().toList()).last().isEqualTo("bob: " + "x".repeat(ChatRoom.MAX_LINE_LENGTH));
        }
    }

    @Test
    void aSlowClientMissesTheOldestLinesAndOthersNone() throws Exception {
        try (Client ann = new Client("ann"); Client slow = new Client("slow", 4 << 10)) {
            ann.says("I am in");
            ann.hearsAtLast("ann: I am in");
            slow.says("so am I");
            slow.hearsAtLast("slow: so am I");
            ann.hearsAtLast("slow: so am I");
            String padding = " " + "x".repeat(900);
            int said = 0;
            while (said < 10_000) { // many times the size of the socket buffers
                int heard = said;
                for (int i = 0; i < ChatRoom.MAX_LINES_BEHIND / 2; i++) {
                    ann.says(said++ + padding);
                }
                while (heard < said) {
                    assertThat(ann.hears()).isEqualTo("ann: " + heard++ + padding);
                }
            }
            int missed = 0;
            int expected = 0;
            while (expected < said) {
                String line = slow.hears();
                if (line.startsWith("* you missed ")) {
                    missed = Integer.parseInt(line.split(" ")[3]);
                    expected += missed;
                } else {
                    assertThat(line).startsWith("ann: " + expected + " ");
                    expected++;
                }
            }
            assertThat(missed).isPositive();
        }
    }
}
