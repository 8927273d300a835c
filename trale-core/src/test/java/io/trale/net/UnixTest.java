package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import io.trale.testing.ProcSelf;
import io.trale.testing.StreamPair;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Unix sockets on the real kernel: paths, connections to sockets of the JDK, datagrams in order, and no loss by a cancel. After
/// each test, as many descriptors are open as before it.
@Timeout(60)
@SuppressWarnings("try") // some are closed inside of their block
class UnixTest {

    private static final UnixDomainSocketAddress UNNAMED = UnixDomainSocketAddress.of("");

    @TempDir
    private Path directory;

    private UnixDomainSocketAddress address;
    private final Buffer out = Buffer.allocate(300_000);
    private final Buffer in = Buffer.allocate(1000);
    private long descriptors;

    @BeforeEach
    void count() throws Exception {
        address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        run(() -> StreamPair.unix(directory.resolve("warm-up")).close());
        Executor.current().close();
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).close(); // the first one opens a descriptor of the JDK
        descriptors = ProcSelf.descriptors();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(Executor.current().stats().unknown()).isZero();
        assertThat(Executor.current().stats().inFlight()).isZero();
        Executor.current().close();
        assertThat(ProcSelf.descriptors()).isEqualTo(descriptors);
        assertThat(directory).isEmptyDirectory();
        out.close();
        in.close();
    }

    private static void run(Async.Body body) throws Exception {
        Executor.blockOn(async(body));
    }

    private UnixDomainSocketAddress address(String name) {
        return UnixDomainSocketAddress.of(directory.resolve(name));
    }

    private byte received(int index) {
        return in.segment().get(ValueLayout.JAVA_BYTE, index);
    }

    // ---- streams

    @Test
    void streamsTransferAndEnd() throws Exception {
        run(() -> {
            try (UnixListener listener = UnixListener.bind(address)) {
                List<UnixStream> both = await(join(UnixStream.connect(address), listener.accept()));
                try (UnixStream client = both.get(0); UnixStream server = both.get(1)) {
                    assertThat(listener.localAddress()).isEqualTo(address);
                    assertThat(client.remoteAddress()).isEqualTo(address);
                    assertThat(client.localAddress()).isEqualTo(UNNAMED);
                    assertThat(server.remoteAddress()).isEqualTo(UNNAMED);
                    assertThat(server.localAddress()).isEqualTo(address);
                    JoinHandle<Integer> writing = Executor.spawn(client.writeAll(out, 0, 300_000));
                    assertThat(StreamPair.read(server, 300_000)).hasSize(300_000);
                    await(writing);
                    client.shutdownOutput();
                    assertThat(await(server.read(in))).isZero();
                    await(server.write(out, 0, 5));
                    assertThat(await(client.read(in))).isEqualTo(5);
                    client.close();
                    assertThatThrownBy(() -> await(server.write(out, 0, 1)))
                            .hasMessageMatching("send\\(fd=\\d+, unnamed\\): EPIPE, broken pipe");
                }
            }
        });
    }

    @Test
    void streamsConnectToChannelsOfTheJdk() throws Exception {
        run(() -> {
            try (UnixListener listener = UnixListener.bind(address); SocketChannel peer = SocketChannel.open(address)) {
                try (UnixStream stream = await(listener.accept())) {
                    peer.write(ByteBuffer.wrap(new byte[] {7}));
                    assertThat(await(stream.read(in))).isEqualTo(1);
                    assertThat(received(0)).isEqualTo((byte) 7);
                }
                assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
            try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
                    UnixStream stream = await(UnixStream.connect(address)); SocketChannel peer = server.accept()) {
                await(stream.write(out, 0, 3));
                assertThat(peer.read(ByteBuffer.allocate(10))).isEqualTo(3);
            }
            Files.delete(address.getPath()); // the JDK does not remove it
        });
    }

    /// The peer has shut down its output and does not read: a poll for POLLOUT would complete at once, again and again.
    @Test
    void loopSleepsWhileAHalfClosedPeerDoesNotRead() throws Exception {
        run(() -> {
            try (StreamPair pair = StreamPair.unix(directory.resolve("socket")); StreamPair other = StreamPair.unix(directory.resolve("other"))) {
                pair.other().shutdownOutput();
                var filled = pair.fill(out.slice(0, 100_000));
                while (Executor.current().stats().submitted() == 0 || Executor.current().stats().inFlight() > 1) {
                    await(yieldNow());
                }
                talk(other, 10);
                long before = Executor.current().stats().submitted();
                talk(other, 100);
                assertThat(Executor.current().stats().submitted() - before).as("a send and a receive each").isEqualTo(200);
                StreamPair.read(pair.other(), filled.bytes());
                await(filled.waiting());
            }
        });
    }

    private static void talk(StreamPair pair, int rounds) throws IOException {
        try (Buffer buffer = Buffer.allocate(1)) {
            for (int i = 0; i < rounds; i++) {
                await(pair.one().write(buffer, 0, 1));
                await(pair.other().read(buffer));
            }
        }
    }

    @Test
    void aConnectWaitsForSpaceInTheBacklog() throws Exception {
        run(() -> {
            try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address, 1)) {
                server.configureBlocking(false); // the connect may need the loop
                List<JoinHandle<UnixStream>> connects = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    connects.add(Executor.spawn(UnixStream.connect(address)));
                }
                for (int accepted = 0; accepted < 5;) {
                    SocketChannel peer = server.accept();
                    if (peer == null) {
                        await(yieldNow());
                    } else {
                        peer.close();
                        accepted++;
                    }
                }
                for (JoinHandle<UnixStream> connect : connects) {
                    await(connect).close();
                }
            }
            Files.delete(address.getPath());
        });
    }

    @Test
    void aWaitingConnectCanBeCancelled() throws Exception {
        run(() -> {
            try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address, 1);
                    UnixStream one = await(UnixStream.connect(address)); UnixStream two = await(UnixStream.connect(address))) {
                JoinHandle<UnixStream> waiting = Executor.spawn(UnixStream.connect(address));
                await(yieldNow());
                waiting.abort();
                assertThatThrownBy(() -> await(waiting)).isInstanceOf(CancellationException.class);
                while (Executor.current().stats().inFlight() > 0) {
                    await(yieldNow());
                }
                assertThat(one.remoteAddress()).isEqualTo(two.remoteAddress());
            }
            Files.delete(address.getPath());
        });
    }

    @Test
    void aConnectionOfACancelledAcceptGoesToTheNext() throws Exception {
        run(() -> {
            try (UnixListener listener = UnixListener.bind(address)) {
                Set<Integer> senders = new HashSet<>();
                for (int i = 0; i < 100; i++) {
                    boolean[] woken = {false};
                    Future<UnixStream> cancelled = listener.accept();
                    assertThat(cancelled.poll(() -> woken[0] = true)).isFalse();
                    try (UnixStream client = await(UnixStream.connect(address))) {
                        while (i % 2 == 0 && !woken[0]) {
                            await(yieldNow()); // accepted, but not polled
                        }
                        cancelled.cancel();
                        await(client.write(out, 0, 1 + i));
                        try (UnixStream server = await(listener.accept())) {
                            senders.add(await(server.read(in)));
                        }
                    }
                }
                assertThat(senders).hasSize(100);
            }
        });
    }

    // ---- paths

    @Test
    void aPathExistsAsLongAsItsSocket() throws Exception {
        run(() -> {
            try (UnixListener listener = UnixListener.bind(address)) {
                assertThat(address.getPath()).exists();
                assertThatThrownBy(() -> UnixListener.bind(address))
                        .hasMessage("bind(" + address + "): EADDRINUSE, address already in use");
                assertThat(address.getPath()).as("a failed bind does not remove it").exists();
                Future<UnixStream> waiting = listener.accept();
                waiting.poll(() -> { });
                listener.close();
                while (Files.exists(address.getPath())) {
                    await(yieldNow());
                }
                assertThatThrownBy(() -> await(waiting)).hasMessageContaining("ECANCELED");
            }
            UnixListener.bind(address).close();
            UnixDatagramSocket.bind(address).close();
        });
    }

    @Test
    void anExistingFileIsNotReplaced() throws Exception {
        run(() -> {
            Files.writeString(address.getPath(), "precious");
            assertThatThrownBy(() -> UnixListener.bind(address)).hasMessageContaining("EADDRINUSE");
            assertThatThrownBy(() -> UnixDatagramSocket.bind(address)).hasMessageContaining("EADDRINUSE");
            assertThat(address.getPath()).hasContent("precious");
            Files.delete(address.getPath());
        });
    }

    @Test
    void thePathOfASuccessorStays() throws Exception {
        run(() -> {
            UnixListener listener = UnixListener.bind(address);
            Files.delete(address.getPath());
            try (UnixListener successor = UnixListener.bind(address)) {
                listener.close();
                assertThat(address.getPath()).exists();
                await(UnixStream.connect(successor.localAddress())).close();
                listener = UnixListener.bind(address("other"));
                Files.delete(directory.resolve("other"));
                Files.writeString(directory.resolve("other"), "a file");
                listener.close();
                assertThat(directory.resolve("other")).hasContent("a file");
                Files.delete(directory.resolve("other"));
            }
        });
    }

    @Test
    void failedConnectNamesThePath() throws Exception {
        run(() -> {
            assertThatThrownBy(() -> await(UnixStream.connect(address)))
                    .hasMessage("connect(" + address + "): ENOENT, no such file or directory");
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address).close();
            assertThatThrownBy(() -> await(UnixStream.connect(address))).hasMessageContaining("ECONNREFUSED");
            Files.delete(address.getPath());
            assertThatThrownBy(() -> await(UnixStream.connect(UNNAMED))).hasMessage("connect(unnamed): EINVAL, invalid argument");
            assertThatThrownBy(() -> UnixListener.bind(UNNAMED)).hasMessage("bind(unnamed): EINVAL, invalid argument");
        });
    }

    @Test
    void aPathThatIsTooLongIsRefusedBeforeAnyCall() throws Exception {
        UnixDomainSocketAddress longest = UnixDomainSocketAddress.of("/" + "x".repeat(106));
        UnixDomainSocketAddress tooLong = UnixDomainSocketAddress.of("/" + "x".repeat(107));
        String complaint = "socket path has 108 bytes, must be at most 107: " + tooLong;
        run(() -> {
            assertThatThrownBy(() -> await(UnixStream.connect(longest))).hasMessageContaining("ENOENT");
            assertThatThrownBy(() -> UnixStream.connect(tooLong)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(complaint);
            assertThatThrownBy(() -> UnixListener.bind(tooLong)).hasMessage(complaint);
            try (UnixDatagramSocket socket = UnixDatagramSocket.bind(UNNAMED)) {
                assertThatThrownBy(() -> socket.connect(tooLong)).hasMessage(complaint);
                assertThatThrownBy(() -> socket.sendTo(out, 0, 1, tooLong)).hasMessage(complaint);
            }
        });
    }

    // ---- datagrams

    @Test
    void datagramsCarryTheirSenderIfItIsBound() throws Exception {
        run(() -> {
            try (UnixDatagramSocket one = UnixDatagramSocket.bind(address("one"));
                    UnixDatagramSocket two = UnixDatagramSocket.bind(address("two"));
                    UnixDatagramSocket unbound = UnixDatagramSocket.bind(UNNAMED)) {
                await(one.sendTo(out, 0, 17, two.localAddress()));
                assertThat(await(two.receive(in))).isEqualTo(new UnixDatagram(17, 17, address("one")));
                await(unbound.sendTo(out, 0, 1001, two.localAddress()));
                assertThat(await(two.receive(in))).isEqualTo(new UnixDatagram(1000, 1001, UNNAMED));
                await(unbound.connect(two.localAddress()));
                await(unbound.send(out, 0, 0));
                assertThat(await(two.receive(in))).isEqualTo(new UnixDatagram(0, 0, UNNAMED));
                assertThatThrownBy(() -> await(one.send(out, 0, 1)))
                        .hasMessageMatching("sendmsg\\(fd=\\d+, " + address("one") + "\\): ENOTCONN, not connected");
                two.close();
                assertThatThrownBy(() -> await(unbound.send(out, 0, 1))).hasMessageContaining("ECONNREFUSED");
                assertThatThrownBy(() -> await(one.sendTo(out, 0, 1, address("two")))).hasMessageContaining("ENOENT");
            }
        });
    }

    /// The kernel queues few datagrams (net.unix.max_dgram_qlen). If it repeated a send that had found a full queue, it would
    /// send an empty datagram.
    @Test
    void aConnectedSenderWaitsForAFullReceiver() throws Exception {
        run(() -> {
            try (UnixDatagramSocket one = UnixDatagramSocket.bind(UNNAMED);
                    UnixDatagramSocket two = UnixDatagramSocket.bind(address); Buffer large = Buffer.allocate(2000)) {
                await(one.connect(address));
                int[] sent = {0};
                JoinHandle<Void> sending = Executor.spawn(async(() -> {
                    for (; sent[0] < 1500; sent[0]++) {
                        await(one.send(out, 0, sent[0]));
                    }
                }));
                untilItWaits(sent);
                assertThat(sent[0]).isLessThan(1500);
                for (int size = 0; size < 1500; size++) {
                    assertThat(await(two.receive(large)).size()).isEqualTo(size);
                }
                await(sending);
            }
        });
    }

    @Test
    void anUnconnectedSenderFailsOnAFullReceiver() throws Exception {
        run(() -> {
            try (UnixDatagramSocket one = UnixDatagramSocket.bind(UNNAMED);
                    UnixDatagramSocket two = UnixDatagramSocket.bind(address)) {
                int[] sent = {0};
                assertThatThrownBy(() -> {
                    for (; sent[0] < 1500; sent[0]++) {
                        await(one.sendTo(out, 0, sent[0] % 10, address));
                    }
                }).hasMessageMatching("sendmsg\\(fd=\\d+, " + address + "\\): EAGAIN, resource temporarily unavailable");
                for (int i = 0; i < sent[0]; i++) {
                    assertThat(await(two.receive(in)).size()).isEqualTo(i % 10);
                }
                await(one.sendTo(out, 0, 11, address));
                assertThat(await(two.receive(in)).size()).isEqualTo(11);
            }
        });
    }

    @Test
    void aSendThatWaitsForAFullReceiverCanBeCancelled() throws Exception {
        run(() -> {
            try (UnixDatagramSocket one = UnixDatagramSocket.bind(UNNAMED);
                    UnixDatagramSocket two = UnixDatagramSocket.bind(address)) {
                await(one.connect(address));
                int[] sent = {0};
                JoinHandle<Void> sending = Executor.spawn(async(() -> {
                    for (;; sent[0]++) {
                        await(one.send(out, 0, 1));
                    }
                }));
                untilItWaits(sent);
                sending.abort();
                while (Executor.current().stats().inFlight() > 0) {
                    await(yieldNow());
                }
                out.segment().fill((byte) 0); // owned by us again
                JoinHandle<Integer> last = Executor.spawn(one.send(out, 0, 2));
                for (int i = 0; i < sent[0]; i++) {
                    assertThat(await(two.receive(in)).size()).isEqualTo(1);
                }
                assertThat(await(two.receive(in)).size()).isEqualTo(2);
                await(last);
            }
        });
    }

    /// Waits until the receiver is full: no datagram is sent while another connection makes progress.
    private static void untilItWaits(int[] sent) throws Exception {
        try (StreamPair others = StreamPair.tcp()) {
            for (int before = 0; sent[0] == 0 || before < sent[0];) {
                before = sent[0];
                talk(others, 10);
            }
        }
    }

    @Test
    void aDatagramOfACancelledReceiveGoesToTheNext() throws Exception {
        run(() -> {
            try (UnixDatagramSocket one = UnixDatagramSocket.bind(address("one"));
                    UnixDatagramSocket two = UnixDatagramSocket.bind(address("two"))) {
                for (int i = 1; i < 200; i++) {
                    boolean[] woken = {false};
                    var receive = two.receive(in);
                    assertThat(receive.poll(() -> woken[0] = true)).isFalse();
                    await(one.sendTo(out, 0, i, two.localAddress()));
                    while (i % 2 == 0 && !woken[0]) {
                        await(yieldNow()); // received, but not polled
                    }
                    receive.cancel();
                    assertThat(await(two.receive(in))).isEqualTo(new UnixDatagram(i, i, one.localAddress()));
                }
            }
        });
    }

    @Test
    void closingEndsTheReceiveAndRemovesThePath() throws Exception {
        run(() -> {
            UnixDatagramSocket socket = UnixDatagramSocket.bind(address);
            JoinHandle<UnixDatagram> waiting = Executor.spawn(socket.receive(in));
            await(yieldNow());
            socket.close();
            assertThatThrownBy(() -> await(waiting)).hasMessageContaining("ECANCELED").hasMessageContaining(address.toString());
            in.segment().fill((byte) 0);
        });
    }

    // ---- closed

    @Test
    void aClosedSocketDoesNotUseItsReusedNumber() throws Exception {
        run(() -> {
            StreamPair pair = StreamPair.unix(directory.resolve("socket"));
            pair.close();
            try (StreamPair other = StreamPair.tcp()) {
                assertThat(other.one().localAddress()).isNotNull();
                assertThatThrownBy(pair.one()::localAddress).hasMessage("getsockname: EBADF, bad file descriptor");
                IntFuture read = pair.one().read(in);
                assertThatThrownBy(() -> await(read)).hasMessageContaining("ECANCELED");
            }
        });
    }
}
