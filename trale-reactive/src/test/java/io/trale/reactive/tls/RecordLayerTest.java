package io.trale.reactive.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.trale.reactive.TlsOptions;
import io.trale.reactive.tls.RecordLayer.Progress;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordLayerTest {

    private static final InetSocketAddress LOCALHOST = InetSocketAddress.createUnresolved("localhost", 1);

    /// One end, and what it has received.
    private static final class End {

        final RecordLayer records;
        final ByteArrayOutputStream plaintext = new ByteArrayOutputStream();
        private final ByteBuffer room = ByteBuffer.allocate(64 << 10);
        boolean handshakeDone;
        boolean ended;

        End(RecordLayer records) {
            this.records = records;
        }

        /// Reads until more input is needed.
        void read() throws SSLException {
            while (true) {
                Progress progress = records.read(room.clear());
                plaintext.write(room.array(), 0, room.position());
                switch (progress) {
                    case PLAINTEXT -> assertTrue(handshakeDone);
                    case HANDSHAKE_DONE -> handshakeDone = true;
                    case NEEDS_TASKS -> {
                        for (Runnable task; (task = records.nextTask()) != null;) {
                            task.run();
                        }
                    }
                    case NEEDS_INPUT, NEEDS_OUTPUT -> {
                        return;
                    }
                    case END -> {
                        ended = true;
                        return;
                    }
                }
            }
        }

        void receive(ByteBuffer bytes, int pieceBytes) throws SSLException {
            while (bytes.hasRemaining()) {
                int count = Math.min(pieceBytes, bytes.remaining());
                records.add(MemorySegment.ofBuffer(bytes), count);
                bytes.position(bytes.position() + count);
                read();
            }
        }

        /// The records of `bytes`.
        ByteBuffer write(byte[] bytes) throws SSLException {
            ByteBuffer from = ByteBuffer.wrap(bytes);
            ByteBuffer to = ByteBuffer.allocate(bytes.length + bytes.length / 8 + 3 * records.recordBytes());
            while (from.hasRemaining()) {
                if (!records.write(from, to)) {
                    to.put(records.takeControl());
                }
            }
            return to.flip();
        }

        byte[] received() {
            byte[] all = plaintext.toByteArray();
            plaintext.reset();
            return all;
        }
    }

    private End client;
    private End server;

    private void open(String protocol, int pieceBytes) throws SSLException {
        TlsOptions options = TlsOptions.of(TestKeys.SERVER.context())
                .parameters(p -> p.setProtocols(new String[] {protocol})).applicationProtocols("h2", "http/1.1");
        client = new End(new RecordLayer(options.clientEngine(LOCALHOST)));
        server = new End(new RecordLayer(options.serverEngine()));
        client.read();
        server.read();
        exchangeControl(pieceBytes);
        assertTrue(client.handshakeDone && server.handshakeDone);
        assertEquals(protocol, client.records.session().getProtocol());
        assertEquals("h2", server.records.applicationProtocol());
    }

    private void exchangeControl(int pieceBytes) throws SSLException {
        while (client.records.hasControl() || server.records.hasControl()) {
            server.receive(client.records.takeControl(), pieceBytes);
            client.receive(server.records.takeControl(), pieceBytes);
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(length).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.3, 1", "TLSv1.3, 7", "TLSv1.3, 100000", "TLSv1.2, 1", "TLSv1.2, 13", "TLSv1.2, 100000"})
    void handshakesAndTransfersInPiecesOfAnySize(String protocol, int pieceBytes) throws SSLException {
        open(protocol, pieceBytes);
        byte[] up = random(50_000);
        server.receive(client.write(up), pieceBytes);
        assertArrayEquals(up, server.received());
        byte[] down = random(20_001);
        client.receive(server.write(down), pieceBytes);
        assertArrayEquals(down, client.received());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void recordsAreReadWhereverTheyAreSplit(String protocol) throws SSLException {
        open(protocol, 1 << 20);
        byte[] bytes = random(300);
        int split = 0;
        int end;
        do {
            ByteBuffer records = client.write(Arrays.copyOfRange(bytes, 0, 150));
            records = join(records, client.write(Arrays.copyOfRange(bytes, 150, 300)));
            end = records.limit();
            server.receive(records.duplicate().limit(split), 1 << 20);
            server.receive(records.position(split), 1 << 20);
            assertArrayEquals(bytes, server.received(), "split at " + split);
        } while (++split <= end);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void batchesArriveWhole(String protocol) throws Exception {
        open(protocol, 1 << 20);
        byte[] bytes = random(1_000_000);
        SealedOutput output = new SealedOutput(server.records);
        output.open();
        byte[] block = new byte[10_000];
        int[] taken = new int[1];
        while (output.canSend(taken[0] < bytes.length)) {
            int count = output.copyTo(MemorySegment.ofArray(block), to -> {
                int fits = Math.min(to.remaining(), bytes.length - taken[0]);
                to.put(bytes, taken[0], fits);
            });
            int part = Math.max(1, count - 10);
            client.receive(ByteBuffer.wrap(block, 0, part), 1 << 20);
            taken[0] += output.taken(part);
        }
        assertArrayEquals(bytes, client.received());
    }

    private static ByteBuffer join(ByteBuffer first, ByteBuffer second) {
        return ByteBuffer.allocate(first.remaining() + second.remaining()).put(first).put(second).flip();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void closeNotifyEndsTheInput(String protocol) throws SSLException {
        open(protocol, 1 << 20);
        assertFalse(server.records.isInputClosed());
        client.records.closeOutput();
        server.receive(client.records.takeControl(), 1);
        assertTrue(server.ended);
        assertTrue(server.records.isInputClosed());
        assertEquals(protocol.equals("TLSv1.2"), server.records.isOutputClosed());
    }

    @Test
    void afterOneSideHasEndedTheOtherMayStillSend() throws SSLException {
        open("TLSv1.3", 1 << 20);
        client.records.closeOutput();
        server.receive(client.records.takeControl(), 1 << 20);
        byte[] bytes = random(1000);
        client.receive(server.write(bytes), 1 << 20);
        assertArrayEquals(bytes, client.received());
        assertThrows(SSLException.class, () -> client.write(bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void plaintextBeforeADamagedRecordIsReadFirst(String protocol) throws SSLException {
        open(protocol, 1 << 20);
        byte[] bytes = random(100);
        ByteBuffer good = client.write(bytes);
        ByteBuffer bad = client.write(bytes);
        bad.put(bad.limit() - 1, (byte) (bad.get(bad.limit() - 1) ^ 1));
        ByteBuffer both = join(good, bad);
        SSLException failure = assertThrows(SSLException.class, () -> server.receive(both, 1 << 20));
        assertArrayEquals(bytes, server.received());
        assertTrue(server.records.hasControl(), "no alert");
        assertEquals(failure, assertThrows(SSLException.class, server::read));
    }

    @Test
    void bytesThatAreNoRecordFail() throws SSLException {
        server = new End(new RecordLayer(TlsOptions.of(TestKeys.SERVER.context()).serverEngine()));
        assertThrows(SSLException.class, () -> server.receive(ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes()), 1 << 20));
    }

    @Test
    void anotherHandshakeIsRefused() throws Exception {
        open("TLSv1.2", 1 << 20);
        var engine = RecordLayer.class.getDeclaredField("engine");
        engine.setAccessible(true);
        ((javax.net.ssl.SSLEngine) engine.get(client.records)).beginHandshake();
        client.read();
        ByteBuffer hello = client.records.takeControl();
        SSLException failure = assertThrows(SSLException.class, () -> server.receive(hello, 1 << 20));
        assertTrue(failure.getMessage().contains("another handshake"), failure.getMessage());
    }

    @Test
    void keyUpdatesAreAnsweredAmidData() throws Exception {
        open("TLSv1.3", 1 << 20);
        var engine = RecordLayer.class.getDeclaredField("engine");
        engine.setAccessible(true);
        for (int i = 0; i < 10; i++) {
            ((javax.net.ssl.SSLEngine) engine.get(client.records)).beginHandshake(); // in TLS 1.3, a key update
            byte[] up = random(1000 + i);
            server.receive(client.write(up), 97);
            assertArrayEquals(up, server.received());
            byte[] down = random(2000 + i);
            client.receive(server.write(down), 97);
            assertArrayEquals(down, client.received());
        }
    }

    @Test
    void readingStopsWhileAnswersPileUp() throws Exception {
        open("TLSv1.3", 1 << 20);
        var engine = RecordLayer.class.getDeclaredField("engine");
        engine.setAccessible(true);
        for (int i = 0; i < 3000; i++) {
            ((javax.net.ssl.SSLEngine) engine.get(client.records)).beginHandshake();
            client.read();
            ByteBuffer records = client.records.takeControl();
            server.records.add(MemorySegment.ofBuffer(records), records.remaining());
            server.read();
        }
        int waiting = server.records.takeControl().remaining();
        assertTrue(waiting <= RecordLayer.MAX_CONTROL_BYTES + server.records.recordBytes(), waiting + " bytes wait");
        server.read(); // goes on
        assertTrue(server.records.hasControl());
    }

    @Test
    void anIdleConnectionHoldsNoBuffer() throws Exception {
        open("TLSv1.3", 1 << 20);
        server.receive(client.write(random(5000)), 1000);
        for (String name : new String[] {"input", "control"}) {
            var field = RecordLayer.class.getDeclaredField(name);
            field.setAccessible(true);
            assertEquals(0, ((ByteBuffer) field.get(server.records)).capacity(), name);
        }
    }
}
