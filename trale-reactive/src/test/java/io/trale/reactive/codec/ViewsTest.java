package io.trale.reactive.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.testing.Support;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.MalformedInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/// The elements of strings, lines and frames do not depend on where the bytes were split.
@Timeout(60)
class ViewsTest {

    // ---- splits

    /// The chunks of `bytes`, split at `cuts`, which ascend. Equal cuts make an empty chunk.
    private static List<ByteBuffer> chunks(byte[] bytes, int... cuts) {
        List<ByteBuffer> chunks = new ArrayList<>();
        int from = 0;
        for (int cut : cuts) {
            chunks.add(ByteBuffer.wrap(bytes, from, cut - from));
            from = cut;
        }
        chunks.add(ByteBuffer.wrap(bytes, from, bytes.length - from));
        return chunks;
    }

    /// All ways to split `bytes` in two and in three, into single bytes, and some more.
    private static List<List<ByteBuffer>> allCuts(byte[] bytes) {
        List<List<ByteBuffer>> all = new ArrayList<>(List.of(chunks(bytes)));
        for (int first = 0; first <= bytes.length; first++) {
            all.add(chunks(bytes, first));
            for (int second = first; second <= bytes.length; second++) {
                all.add(chunks(bytes, first, second));
            }
        }
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 300; i++) {
            all.add(chunks(bytes, random.ints(random.nextInt(3, 30), 0, bytes.length + 1).sorted().toArray()));
        }
        all.add(chunks(bytes, java.util.stream.IntStream.range(1, bytes.length).toArray()));
        return all;
    }

    /// The elements, and the end.
    private record Outcome<T>(List<T> elements, Class<?> failure, String message) {}

    private static <T> Outcome<T> outcome(List<ByteBuffer> chunks, Function<Flux<ByteBuffer>, Flux<T>> view) {
        List<T> elements = new ArrayList<>();
        Throwable[] failure = new Throwable[1];
        Flux.fromIterable(chunks).transform(view).subscribe(elements::add, thrown -> failure[0] = thrown);
        return failure[0] == null ? new Outcome<>(elements, null, null)
                : new Outcome<>(elements, failure[0].getClass(), failure[0].getMessage());
    }

    private static void assertSameForAllCuts(byte[] bytes, Function<Flux<ByteBuffer>, Flux<String>> view,
            List<String> elements, Class<?> failure, String message) {
        for (List<ByteBuffer> chunks : allCuts(bytes)) {
            assertThat(outcome(chunks, view)).as("cut as %s", chunks).isEqualTo(new Outcome<>(elements, failure, message));
        }
    }

    // ---- strings

    private static final String TEXT = "a\u00e9\u20ac\ud83d\ude00z \u00df";

    /// Malformed UTF-8 of each kind: alone, too short, overlong, a surrogate, out of range, at the end.
    private static List<byte[]> malformed() {
        return List.of("61ff62", "61e282", "61e28262", "c0af61", "61eda08062", "f4908080", "61f09f98", "80", "c3", "f09f98c3a9")
                .stream().map(HexFormat.of()::parseHex).toList();
    }

    private static Outcome<String> joined(Outcome<String> outcome) {
        assertThat(outcome.elements).doesNotContain("");
        return new Outcome<>(List.of(String.join("", outcome.elements)), outcome.failure, outcome.message);
    }

    private static String decode(byte[] bytes, Charset charset) throws Exception {
        CharsetDecoder decoder = charset.newDecoder().onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        return decoder.decode(ByteBuffer.wrap(bytes)).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16", "UTF-16LE", "UTF-32", "GB18030", "ISO-2022-JP", "Shift_JIS", "x-Johab"})
    void textIsTheSameWhereverItIsSplit(String name) throws Exception {
        Charset charset = Charset.forName(name);
        String text = charset.newEncoder().canEncode(TEXT) ? TEXT : "abc \u65e5\u672c z";
        byte[] bytes = text.getBytes(charset);
        String expected = decode(bytes, charset);
        for (List<ByteBuffer> chunks : allCuts(bytes)) {
            assertThat(joined(outcome(chunks, Strings.of(charset)))).as("cut as %s", chunks)
                    .isEqualTo(new Outcome<>(List.of(expected), null, null));
        }
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void malformedBytesAreReplacedWhereverTheyAreSplit(byte[] bytes) throws Exception {
        for (List<ByteBuffer> chunks : allCuts(bytes)) {
            assertThat(joined(outcome(chunks, Strings.of(UTF_8))).elements).as("cut as %s", chunks)
                    .containsExactly(decode(bytes, UTF_8));
        }
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void malformedBytesAreReportedAfterTheTextBeforeThem(byte[] bytes) throws Exception {
        String replaced = decode(bytes, UTF_8);
        String before = replaced.substring(0, replaced.indexOf('\ufffd'));
        for (List<ByteBuffer> chunks : allCuts(bytes)) {
            Outcome<String> outcome = joined(outcome(chunks, Strings.of(UTF_8).onMalformed(CodingErrorAction.REPORT)));
            assertThat(outcome.elements).as("cut as %s", chunks).containsExactly(before);
            assertThat(outcome.failure).isEqualTo(MalformedInputException.class);
        }
    }

    @Test
    void malformedBytesMayBeIgnored() {
        byte[] bytes = HexFormat.of().parseHex("61ff62e282");
        for (List<ByteBuffer> chunks : allCuts(bytes)) {
            assertThat(joined(outcome(chunks, Strings.of(UTF_8).onMalformed(CodingErrorAction.IGNORE)))).as("cut as %s", chunks)
                    .isEqualTo(new Outcome<>(List.of("ab"), null, null));
        }
    }

    @Test
    void oneStringForEachChunkThatCompletesACharacter() {
        byte[] bytes = "a\u20acb".getBytes(UTF_8);
        assertThat(outcome(chunks(bytes, 1, 2, 3), Strings.of(UTF_8)).elements).containsExactly("a", "\u20acb");
        assertThat(outcome(chunks(new byte[0]), Strings.of(UTF_8)).elements).isEmpty();
    }

    // ---- lines

    @Test
    void linesAreTheSameWhereverTheyAreSplit() {
        assertSameForAllCuts("one\ntwo\r\n\n\r\n\u20ac\rthree\r\r\nlast".getBytes(UTF_8), Lines.of(UTF_8),
                List.of("one", "two", "", "", "\u20ac\rthree\r", "last"), null, null);
        assertSameForAllCuts("one\n".getBytes(UTF_8), Lines.of(UTF_8), List.of("one"), null, null);
        assertSameForAllCuts("one\r".getBytes(UTF_8), Lines.of(UTF_8), List.of("one\r"), null, null);
        assertSameForAllCuts("\n\n".getBytes(UTF_8), Lines.of(UTF_8), List.of("", ""), null, null);
        assertSameForAllCuts(new byte[0], Lines.of(UTF_8), List.of(), null, null);
    }

    @Test
    void lineEndsAreSearchedInTheTextNotInItsBytes() {
        String text = "\u010a\u0a0a\r\n\u0d0a";
        List<String> lines = List.of("\u010a\u0a0a", "\u0d0a");
        assertSameForAllCuts(text.getBytes(UTF_16LE), Lines.of(UTF_16LE), lines, null, null);
        assertSameForAllCuts(text.getBytes(UTF_16), Lines.of(UTF_16), lines, null, null);
    }

    static Stream<Charset> charsets() {
        return Charset.availableCharsets().values().stream()
                .filter(charset -> !charset.canEncode() || charset.newEncoder().canEncode("one\r\n")); // some charsets have symbols only
    }

    /// However a charset encodes the line end, and whether it can encode at all.
    @ParameterizedTest
    @MethodSource("charsets")
    void linesAreFoundInEveryCharset(Charset charset) {
        Charset encoder = charset.canEncode() ? charset : ISO_8859_1;
        assertSameForAllCuts("one\ntwo\r\n\nlast".getBytes(encoder), Lines.of(charset), List.of("one", "two", "", "last"),
                null, null);
    }

    @Test
    void anEndlessLineFailsOnceItIsTooLong() {
        for (Charset charset : List.of(UTF_8, ISO_8859_1, UTF_16LE)) {
            DecodingTest.RecordingSubscriber<String> subscriber = new DecodingTest.RecordingSubscriber<>();
            Flux.concat(Flux.just(ByteBuffer.wrap("x".repeat(100).getBytes(charset))), Flux.never())
                    .transform(Lines.of(charset).maxLength(10)).subscribe(subscriber);
            subscriber.request(1);
            assertThat(subscriber.failure).as("%s", charset).isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void ignoredBytesDoNotMakeAnEndlessLine() {
        Lines ignoring = Lines.of(UTF_8).onMalformed(CodingErrorAction.IGNORE).maxLength(10);
        byte[] garbage = new byte[100];
        Arrays.fill(garbage, (byte) 0xff);
        DecodingTest.RecordingSubscriber<String> subscriber = new DecodingTest.RecordingSubscriber<>();
        Flux.concat(Flux.just(ByteBuffer.wrap(garbage)), Flux.never()).transform(ignoring).subscribe(subscriber);
        subscriber.request(1);
        assertThat(subscriber.failure).isInstanceOf(ProtocolException.class);
    }

    @Test
    void aTooLongLineFailsAfterTheLinesBeforeIt() {
        Lines four = Lines.of(UTF_8).maxLength(4);
        String tooLong = "line has more than 4 characters, the limit set by maxLength";
        assertSameForAllCuts("1234\n123\u20ac\r\n4\n".getBytes(UTF_8), four, List.of("1234", "123\u20ac", "4"), null, null);
        assertSameForAllCuts("1\n12345\n2\n".getBytes(UTF_8), four, List.of("1"), ProtocolException.class, tooLong);
        assertSameForAllCuts("1\r\n1234567".getBytes(UTF_8), four, List.of("1"), ProtocolException.class, tooLong);
        assertSameForAllCuts("1234\r5\n".getBytes(UTF_8), four, List.of(), ProtocolException.class, tooLong);
        assertSameForAllCuts("1234\r\r\n".getBytes(UTF_8), four, List.of(), ProtocolException.class, tooLong);
        assertSameForAllCuts("1234\r".getBytes(UTF_8), four, List.of(), ProtocolException.class, tooLong);
        assertSameForAllCuts("\r\n\nx".getBytes(UTF_8), Lines.of(UTF_8).maxLength(0), List.of("", ""),
                ProtocolException.class, "line has more than 0 characters, the limit set by maxLength");
    }

    @Test
    void malformedLinesAreReplacedOrReported() {
        byte[] bytes = HexFormat.of().parseHex("610a62ff0a630a");
        assertSameForAllCuts(bytes, Lines.of(UTF_8), List.of("a", "b\ufffd", "c"), null, null);
        assertSameForAllCuts(bytes, Lines.of(UTF_8).onMalformed(CodingErrorAction.REPORT), List.of("a"),
                MalformedInputException.class, "Input length = 1");
        assertSameForAllCuts(bytes, Lines.of(UTF_8).onMalformed(CodingErrorAction.REPORT).maxLength(0), List.of(),
                ProtocolException.class, "line has more than 0 characters, the limit set by maxLength");
        assertSameForAllCuts(bytes, Lines.of(ISO_8859_1), List.of("a", "b\u00ff", "c"), null, null);
    }

    // ---- frames

    private static String hex(ByteBuffer buffer) {
        return HexFormat.of().formatHex(Support.bytesOf(buffer));
    }

    private static Function<Flux<ByteBuffer>, Flux<String>> inHex(Frames frames) {
        return chunks -> chunks.transform(frames).map(frame -> {
            assertThat(frame.hasArray() && frame.array().length == frame.remaining()).as("of exact size").isTrue();
            return hex(frame);
        });
    }

    @ParameterizedTest
    @CsvSource({"1,BIG", "2,BIG", "2,LITTLE", "4,BIG", "4,LITTLE", "8,BIG", "8,LITTLE"})
    void framesAreTheSameWhereverTheyAreSplit(int prefix, String order) {
        Frames frames = Frames.lengthPrefixed(prefix)
                .order(order.equals("BIG") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        List<byte[]> payloads = List.of(new byte[] {1, 2, 3}, new byte[0], new byte[0], Support.bytes(1, 12), new byte[] {-1});
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        payloads.forEach(payload -> all.writeBytes(Support.bytesOf(frames.encode(ByteBuffer.wrap(payload)))));
        assertSameForAllCuts(all.toByteArray(), inHex(frames), payloads.stream().map(HexFormat.of()::formatHex).toList(),
                null, null);
    }

    @Test
    void encodedFramesHaveTheDocumentedFormat() {
        ByteBuffer payload = ByteBuffer.wrap(new byte[] {9, 8, 7, 6}, 1, 2);
        assertThat(hex(Frames.lengthPrefixed(1).encode(payload))).isEqualTo("020807");
        assertThat(hex(Frames.lengthPrefixed(2).encode(payload))).isEqualTo("00020807");
        assertThat(hex(Frames.lengthPrefixed(4).order(ByteOrder.LITTLE_ENDIAN).encode(payload))).isEqualTo("020000000807");
        assertThat(hex(Frames.lengthPrefixed(8).encode(payload))).isEqualTo("00000000000000020807");
        assertThat(payload).as("not modified").isEqualTo(ByteBuffer.wrap(new byte[] {8, 7}));
    }

    @ParameterizedTest
    @CsvSource({"1,ff,255", "2,ffff,65535", "4,80000000,2147483648", "4,ffffffff,4294967295",
        "8,ffffffffffffffff,18446744073709551615", "8,0000000100000000,4294967296", "1,05,5"})
    void aTooLongFrameFailsAfterTheFramesBeforeIt(int prefix, String length, String number) {
        Frames frames = Frames.lengthPrefixed(prefix).maxLength(4);
        byte[] before = Support.bytesOf(frames.encode(ByteBuffer.wrap(new byte[4])));
        byte[] bytes = HexFormat.of().parseHex(HexFormat.of().formatHex(before) + length);
        assertSameForAllCuts(bytes, inHex(frames), List.of("00000000"), ProtocolException.class,
                "frame has " + number + " bytes, must have at most 4");
    }

    @Test
    void theLongestFrameOfEachPrefixIsDecoded() {
        for (int length : new int[] {255, 65535, 1 << 20}) {
            Frames frames = Frames.lengthPrefixed(length == 255 ? 1 : length == 65535 ? 2 : 4);
            byte[] payload = Support.bytes(2, length);
            byte[] bytes = Support.bytesOf(frames.encode(ByteBuffer.wrap(payload)));
            for (List<ByteBuffer> chunks : List.of(chunks(bytes), chunks(bytes, 5, length / 3, length - 1))) {
                Outcome<String> outcome = outcome(chunks, inHex(frames));
                assertThat(outcome.elements).containsExactly(HexFormat.of().formatHex(payload));
            }
        }
    }

    @Test
    void aStreamThatEndsInsideAFrameFails() {
        assertSameForAllCuts(new byte[] {1, 7, 0, 3, 1, 2}, inHex(Frames.lengthPrefixed(1)), List.of("07", ""),
                EOFException.class, "the stream ended inside a frame, after 2 of 3 bytes");
        assertSameForAllCuts(new byte[] {0, 0, 0}, inHex(Frames.lengthPrefixed(4)), List.of(),
                EOFException.class, "the stream ended inside a frame, after 3 of 4 bytes of its length prefix");
        assertSameForAllCuts(new byte[] {0, 1}, inHex(Frames.lengthPrefixed(2)), List.of(),
                EOFException.class, "the stream ended inside a frame, after 0 of 1 bytes");
        assertSameForAllCuts(new byte[0], inHex(Frames.lengthPrefixed(2)), List.of(), null, null);
    }

    @Test
    void encodeRejectsFramesThatAreTooLong() {
        assertThatThrownBy(() -> Frames.lengthPrefixed(4).maxLength(3).encode(ByteBuffer.allocate(4)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("4 bytes, must have at most 3");
        assertThatThrownBy(() -> Frames.lengthPrefixed(1).encode(ByteBuffer.allocate(256)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Frames.lengthPrefixed(2).encode(ByteBuffer.allocate(65536)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Frames.lengthPrefixed(2).encode(ByteBuffer.allocate(65535)).remaining()).isEqualTo(65537);
    }

    @Test
    void invalidOptionsThrow() {
        for (int bytes : new int[] {0, 3, 5, 16, -1}) {
            assertThatThrownBy(() -> Frames.lengthPrefixed(bytes)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Frames.lengthPrefixed(1).maxLength(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Lines.of(UTF_8).maxLength(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- all of them

    @Test
    void chunksAreNeverModified() {
        byte[] bytes = "a\nb\n".getBytes(UTF_8);
        ByteBuffer shared = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asReadOnlyBuffer();
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        for (ByteBuffer chunk : Arrays.asList(shared, direct)) {
            assertThat(outcome(List.of(chunk), Lines.of(UTF_8)).elements).containsExactly("a", "b");
            assertThat(outcome(List.of(chunk), Strings.of(UTF_8)).elements).containsExactly("a\nb\n");
            assertThat(chunk.remaining()).isEqualTo(4);
        }
    }

    @Test
    void eachSubscriberOfAViewStartsAfresh() {
        Flux<String> lines = Flux.just(ByteBuffer.wrap("a\nb".getBytes(UTF_8))).transform(Lines.of(UTF_8));
        assertThat(lines.collectList().block()).containsExactly("a", "b");
        assertThat(lines.collectList().block()).containsExactly("a", "b");
    }
}
