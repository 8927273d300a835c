package io.trale.reactive.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Connection;
import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/// A view of a connection consumes only the bytes of its elements. The next receiver begins at the next byte, wherever the
/// packets were split.
@Timeout(120)
class HeaderThenBodyTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);
    private static final Lines LINES = Lines.of(UTF_8);
    private static final Frames FRAMES = Frames.lengthPrefixed(2);
    private static final long PACE_NANOS = 20_000;

    // ---- on the simulated kernel

    /// What a handler reads of a connection, as bytes in order of arrival.
    private interface Handler {
        Flux<byte[]> receive(Connection connection);
    }

    /// The bytes that `handler` reads of `sent`, which arrives in packets split at `cuts`, with buffers of `bufferBytes`.
    private static byte[] received(byte[] sent, Handler handler, int bufferBytes, int... cuts) throws Exception {
        SimKernel kernel = new SimKernel(5).strict();
        kernel.listenOn(7, peer -> {
            int from = 0;
            for (int i = 0; i <= cuts.length; i++) {
                int to = i < cuts.length ? cuts[i] : sent.length;
                byte[] packet = Arrays.copyOfRange(sent, from, to);
                kernel.after(i * PACE_NANOS, () -> peer.send(packet));
                from = to;
            }
            kernel.after((cuts.length + 1) * PACE_NANOS, peer::finish);
        });
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        List<Throwable> failures = new ArrayList<>();
        ExecutorOptions options = ExecutorOptions.defaults().receiveBuffers(2, bufferBytes).leaseBuffers(4, bufferBytes);
        SimTrale.run(kernel, options, (trale, done) -> trale.connect(Support.loopback(7))
                .flatMapMany(connection -> handler.receive(connection)
                        .doFinally(signal -> connection.close().subscribe(null, null, done::set)))
                .subscribe(received::writeBytes, failures::add));
        assertThat(failures).isEmpty();
        return received.toByteArray();
    }

    private static void assertWholeForAllCuts(byte[] sent, Handler handler) throws Exception {
        for (int bufferBytes : new int[] {5, 1000}) {
            for (int first = 0; first <= sent.length; first++) {
                assertThat(received(sent, handler, bufferBytes, first)).as("split at %d", first).isEqualTo(sent);
                for (int second = first + 1; second <= sent.length; second += 3) {
                    assertThat(received(sent, handler, bufferBytes, first, second)).as("split at %d and %d", first, second)
                            .isEqualTo(sent);
                }
            }
        }
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.asList(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static byte[] line(String line) {
        return (line + "\n").getBytes(UTF_8);
    }

    private static byte[] frame(ByteBuffer payload) {
        return Support.bytesOf(FRAMES.encode(payload));
    }

    private static final byte[] BODY = "\nbody\u20ac\n".getBytes(UTF_8);

    @ParameterizedTest
    @EnumSource(ReceiveKind.class)
    void theBodyAfterALineIsComplete(ReceiveKind kind) throws Exception {
        assertWholeForAllCuts(concat(line("head\u20ac"), BODY), connection -> connection.receive().transform(LINES).next()
                .flatMapMany(header -> kind.receive(connection).startWith(line(header))));
    }

    @ParameterizedTest
    @EnumSource(ReceiveKind.class)
    void theBodyAfterAFrameIsComplete(ReceiveKind kind) throws Exception {
        assertWholeForAllCuts(concat(frame(ByteBuffer.wrap(new byte[] {1, 2, 3})), BODY),
                connection -> connection.receive().transform(FRAMES).next()
                        .flatMapMany(header -> kind.receive(connection).startWith(frame(header))));
    }

    @Test
    void theBodyAfterAStringIsComplete() throws Exception {
        assertWholeForAllCuts("a\u20ac\ud83d\ude00b\u00e9".getBytes(UTF_8), connection ->
                connection.receive().transform(Strings.of(UTF_8)).next()
                        .flatMapMany(text -> connection.receive().map(Support::bytesOf).startWith(text.getBytes(UTF_8))));
    }

    /// As in HTTP: lines up to an empty one.
    @Test
    void theBodyAfterTheLinesOfAHeaderIsComplete() throws Exception {
        assertWholeForAllCuts(concat(line("a"), line("b: c"), line(""), BODY), connection -> Flux.concat(
                connection.receive().transform(LINES).takeUntil(String::isEmpty).map(HeaderThenBodyTest::line),
                connection.receive().map(Support::bytesOf)));
    }

    @Test
    void viewsOfAllKindsInARowLoseNothing() throws Exception {
        byte[] wide = "w\u0a0a\n".getBytes(UTF_16LE);
        byte[] sent = concat(line("l1"), frame(ByteBuffer.wrap(new byte[] {10, 0, 10})), wide, line("l2"), line("l3"),
                frame(ByteBuffer.allocate(0)), new byte[] {4, 3, 2, 1, 0});
        assertWholeForAllCuts(sent, connection -> Flux.concat(
                connection.receive().transform(LINES).take(1).map(HeaderThenBodyTest::line),
                connection.receive().transform(FRAMES).take(1).map(HeaderThenBodyTest::frame),
                connection.receive().transform(Lines.of(UTF_16LE)).take(1).map(line -> (line + "\n").getBytes(UTF_16LE)),
                connection.receive().transform(LINES).take(2).map(HeaderThenBodyTest::line),
                connection.receive().transform(FRAMES).take(1).map(HeaderThenBodyTest::frame),
                ReceiveKind.PIECES.receive(connection).take(1),
                ReceiveKind.LEASES.receive(connection)));
    }

    // ---- on the real kernel

    private static Mono<String> lineThenBody(Connection connection) {
        return connection.receive().transform(LINES).next().flatMap(header -> body(connection).map(body -> header + "|" + body));
    }

    /// One chunk.
    private static Mono<String> body(Connection connection) {
        return connection.receive().next().map(bytes -> new String(Support.bytesOf(bytes), UTF_8));
    }

    private static void write(Pair pair, String text) {
        Support.write(pair.peer(), text.getBytes(UTF_8));
    }

    @Test
    void theBodyInThePacketOfTheHeaderIsReceived() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "header\r\nbody");
            assertThat(lineThenBody(pair.connection()).block(LIMIT)).isEqualTo("header|body");
        }
    }

    /// The handler of docs/recipes.md.
    private static Mono<Void> echoBehindAHeader(Connection c) {
        return c.receive().transform(Lines.of(US_ASCII).maxLength(105)).next()
                .flatMap(header -> c.send(c.receive()));
    }

    @Test
    void bytesAfterAProxyHeaderAreEchoed() {
        try (Trale trale = Trale.start()) {
            Server server = trale.serve(Support.loopback(0), HeaderThenBodyTest::echoBehindAHeader).block(LIMIT);
            byte[] body = Support.bytes(9, 100_000);
            byte[] sent = concat("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n".getBytes(US_ASCII), body);
            ByteArrayOutputStream echoed = new ByteArrayOutputStream();
            trale.connect(server.localAddress())
                    .flatMapMany(c -> c.receive()
                            .mergeWith(c.send(Mono.just(ByteBuffer.wrap(sent))).then(c.shutdownOutput()).then(Mono.empty()))
                            .concatWith(c.close().then(Mono.empty())))
                    .doOnNext(chunk -> echoed.writeBytes(Support.bytesOf(chunk)))
                    .blockLast(LIMIT);
            assertThat(echoed.toByteArray()).isEqualTo(body);
        }
    }

    private static Stream<Arguments> hooks() {
        return Stream.of(
                Arguments.of("operator debug", (Runnable) Hooks::onOperatorDebug, (Runnable) Hooks::resetOnOperatorDebug),
                Arguments.of("a lift", (Runnable) () -> Hooks.onEachOperator(Operators.lift((s, subscriber) -> subscriber)),
                        (Runnable) Hooks::resetOnEachOperator));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hooks")
    void theBodyIsReceivedWithAssemblyHooks(String name, Runnable set, Runnable reset) {
        set.run();
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "header\nbody");
            assertThat(lineThenBody(pair.connection()).block(LIMIT)).isEqualTo("header|body");
        } finally {
            reset.run();
        }
    }

    @Test
    void anIncompleteLineIsLeftToTheNextSubscriber() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            DecodingTest.RecordingSubscriber<String> lines = new DecodingTest.RecordingSubscriber<>();
            pair.connection().receive().transform(LINES).subscribe(lines);
            lines.request(2);
            write(pair, "line\nincompl");
            Support.until("a line", () -> lines.elements.size() == 1);
            Support.asleep(trale);
            lines.cancel();
            assertThat(body(pair.connection()).block(LIMIT)).isEqualTo("incompl");
        }
    }

    @Test
    void waitingLinesAreLeftToTheNextSubscriber() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "a\nb\nc\n");
            assertThat(pair.connection().receive().transform(LINES).take(2).collectList().block(LIMIT)).containsExactly("a", "b");
            assertThat(body(pair.connection()).block(LIMIT)).isEqualTo("c\n");
        }
    }

    /// The peer may or may not use the protocol: the bytes that are not a header are read as data.
    @Test
    void bytesThatADecoderRejectedAreLeftToTheNextSubscriber() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "ok\nmuch too long\nmore");
            List<String> all = pair.connection().receive().transform(LINES.maxLength(4))
                    .onErrorResume(ProtocolException.class, e -> body(pair.connection()))
                    .take(2).collectList().block(LIMIT);
            assertThat(all).containsExactly("ok", "much too long\nmore");
        }
    }

    @Test
    void anElementCutOffByTheEndIsLeftToTheNextSubscriber() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            Support.write(pair.peer(), new byte[] {0, 1, 9, 0, 2, 8});
            Support.shutdownOutput(pair.peer());
            DecodingTest.RecordingSubscriber<ByteBuffer> frames = new DecodingTest.RecordingSubscriber<>();
            pair.connection().receive().transform(FRAMES).subscribe(frames);
            frames.request(5);
            Support.until("the end", () -> frames.failure != null);
            assertThat(frames.failure).isInstanceOf(EOFException.class);
            assertThat(frames.elements).containsExactly(ByteBuffer.wrap(new byte[] {9}));
            assertThat(pair.connection().receive().collectList().block(LIMIT))
                    .containsExactly(ByteBuffer.wrap(new byte[] {0, 2, 8}));
        }
    }

    /// A chunk that was kept for the next subscriber has exact size and its own memory, too.
    @Test
    void theRestOfAChunkIsInItsOwnBuffer() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "header\nbody");
            ByteBuffer rest = pair.connection().receive().transform(LINES).next()
                    .then(pair.connection().receive().next()).block(LIMIT);
            assertThat(rest.array()).isEqualTo("body".getBytes(UTF_8));
        }
    }

    /// The operator passes on whole chunks, and the view discards the rest of its chunk, as documented.
    @Test
    void afterAnOperatorAViewDiscardsTheRestOfItsChunk() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "header\ngone");
            Flux<ByteBuffer> mapped = pair.connection().receive().map(Function.identity());
            assertThat(mapped.transform(LINES).next().block(LIMIT)).isEqualTo("header");
            write(pair, "body");
            assertThat(body(pair.connection()).block(LIMIT)).isEqualTo("body");
        }
    }

    /// The function's result is not the connection's chunk, so the view cannot leave bytes to the connection.
    @Test
    void aViewOfReceiveWithDoesNotDecodeInPlace() {
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "abc");
            Flux<ByteBuffer> made = pair.connection().receiveWith(segment -> ByteBuffer.wrap("made\n".getBytes(UTF_8)));
            assertThat(made.transform(LINES).next().block(LIMIT)).isEqualTo("made");
        }
    }

    /// One subscriber for each line; each subscribes to the next when it gets its line.
    private static void eachByItsOwn(Connection connection, int left, CompletableFuture<Void> end) {
        connection.receive().transform(LINES).next().subscribe(line -> {
            if (left == 1) {
                end.complete(null);
            } else {
                eachByItsOwn(connection, left - 1, end);
            }
        }, end::completeExceptionally);
    }

    @Test
    void theStackDoesNotGrowWithEachSubscriber() {
        int count = 20_000;
        try (Trale trale = Trale.start(); Pair pair = Pair.of(trale)) {
            write(pair, "\n".repeat(count));
            CompletableFuture<Void> end = new CompletableFuture<>();
            eachByItsOwn(pair.connection(), count, end);
            Support.get(end);
        }
    }

    /// The next subscriber arrives while the function reads its bytes.
    @ParameterizedTest
    @EnumSource(ReceiveKind.class)
    void aSubscriberDuringAReaderCallContinuesAfterItsBytes(ReceiveKind kind) throws Exception {
        byte[] sent = Support.bytes(3, 64);
        assertWholeForAllCutsInOne(sent, connection -> Flux.create(sink -> {
            BaseSubscriber<byte[]> first = new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    subscription.request(1);
                }
            };
            DecodeFlux.<byte[]>of(connection.receive(), "leaving", () -> (in, end) -> {
                byte[] one = {in.get()};
                sink.next(one);
                first.cancel();
                kind.receive(connection).subscribe(sink::next, sink::error, sink::complete);
                return one; // not delivered
            }).subscribe(first);
        }));
    }

    private static void assertWholeForAllCutsInOne(byte[] sent, Handler handler) throws Exception {
        for (int cut = 1; cut < sent.length; cut++) {
            assertThat(received(sent, handler, 1000, cut)).as("split at %d", cut).isEqualTo(sent);
        }
    }
}
