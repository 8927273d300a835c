package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.net.NetOptions;
import io.trale.reactive.Trale;
import io.trale.reactive.UdpEndpoint;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Sinks;

/// Records numbered datagrams, so that reordering and loss are detected.
@Timeout(60)
class RecorderTest {

    private static final int DATAGRAM_BYTES = 1000;
    /// The receive buffer: enough for 50 datagrams including the kernel's overhead, but far too small for 20,000.
    private static final int ROOM_BYTES = 128 << 10;

    @TempDir
    private Path directory;

    private final Recorder recorder = new Recorder();
    private final Sinks.Empty<Void> stop = Sinks.empty();
    private final ByteBuffer datagram = ByteBuffer.allocate(DATAGRAM_BYTES);
    private Trale trale;
    private UdpEndpoint udp;
    private DatagramChannel sender;
    private int sent;

    @BeforeEach
    void open() throws IOException {
        trale = Trale.start();
        udp = trale.udp(here(0), NetOptions.none().with(StandardSocketOptions.SO_RCVBUF, ROOM_BYTES)).block();
        sender = DatagramChannel.open();
    }

    private static InetSocketAddress here(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    @AfterEach
    void close() throws IOException {
        sender.close();
        trale.close();
    }

    private CompletableFuture<Void> record(Path file) {
        return recorder.record(trale, udp, file, stop.asMono()).toFuture();
    }

    private void send(int count) throws IOException {
        send(count, udp.localAddress().getPort());
    }

    private void send(int count, int port) throws IOException {
        for (int i = 0; i < count; i++) {
            sender.send(datagram.clear().putInt(0, sent++), here(port));
        }
    }

    /// The numbers of the recorded datagrams in `recording`.
    private static List<Integer> numbers(InputStream recording) throws IOException {
        List<Integer> numbers = new ArrayList<>();
        DataInputStream in = new DataInputStream(recording);
        for (byte[] frame; (frame = in.readNBytes(4 + DATAGRAM_BYTES)).length > 0;) {
            assertThat(frame).hasSize(4 + DATAGRAM_BYTES);
            assertThat(ByteBuffer.wrap(frame).getInt()).isEqualTo(DATAGRAM_BYTES);
            numbers.add(ByteBuffer.wrap(frame).getInt(4));
        }
        return numbers;
    }

    private static List<Integer> numbers(Path recording) throws IOException {
        return numbers(new ByteArrayInputStream(Files.readAllBytes(recording)));
    }

    private static List<Integer> upTo(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    @Test
    void thousandsAreRecordedInOrder() throws Exception {
        Path file = directory.resolve("recording");
        CompletableFuture<Void> recording = record(file);
        while (sent < 5000) { // at most as many in flight as fit into the buffer, so none is dropped
            send(50);
            while (recorder.recorded() < sent) {
                Thread.onSpinWait();
            }
        }
        stop.tryEmitEmpty();
        recording.join();
        assertThat(numbers(file)).isEqualTo(upTo(5000));
        assertThat(recorder.dropped()).isZero();
    }

    @Test
    void emptyDatagramsAreRecordedAndARecordingIsContinued() throws Exception {
        Path file = Files.write(directory.resolve("recording"), new byte[] {0, 0, 0, 1, 'x'});
        CompletableFuture<Void> recording = record(file);
        sender.send(ByteBuffer.allocate(0), here(udp.localAddress().getPort()));
        sender.send(ByteBuffer.wrap(new byte[] {'y'}), here(udp.localAddress().getPort()));
        stop.tryEmitEmpty();
        recording.join();
        assertThat(Files.readAllBytes(file)).containsExactly(0, 0, 0, 1, 'x', 0, 0, 0, 0, 0, 0, 0, 1, 'y');
    }

    @Test
    void queuedDatagramsAreRecordedAfterTheStop() throws Exception {
        Path file = directory.resolve("recording");
        send(50);
        stop.tryEmitEmpty();
        record(file).join();
        assertThat(numbers(file)).isEqualTo(upTo(50));
        assertThat(recorder.recorded()).isEqualTo(50);
    }

    /// A pipe without a reader acts as an infinitely slow disk.
    @Test
    void withASlowDiskTheKernelDropsAndCounts() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        CompletableFuture<Void> recording = record(pipe);
        try (FileInputStream disk = new FileInputStream(pipe.toFile())) {
            send(20_000);
            assertThat(recorder.recorded() * DATAGRAM_BYTES).as("requested bytes").isLessThan(1 << 18);
            stop.tryEmitEmpty();
            List<Integer> numbers = numbers(disk);
            recording.join();
            assertThat(numbers).isSorted().doesNotHaveDuplicates().hasSize((int) recorder.recorded());
            assertThat(recorder.dropped()).isPositive().isEqualTo(sent - numbers.size());
        }
    }

    @Test
    void theCommandRecordsUntilItIsTerminated() throws Exception {
        Path file = directory.resolve("recording");
        try (CommandProcess command = new CommandProcess("record", "--port", "0", file.toString())) {
            send(50, command.port());
            command.terminate();
            assertThat(command.said()).isEqualTo("recorded 50 datagrams, dropped 0");
            assertThat(command.waitFor()).isEqualTo(CommandProcess.TERMINATED);
        }
        assertThat(numbers(file)).isEqualTo(upTo(50));
    }
}
