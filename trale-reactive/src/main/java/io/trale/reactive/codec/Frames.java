package io.trale.reactive.codec;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// A view of received bytes as frames with a length prefix; and the opposite direction, [#encode].
///
/// ```java
/// Frames frames = Frames.lengthPrefixed(4);
/// connection.send(connection.receive().transform(frames).map(frames::encode));
/// ```
///
/// The length is an unsigned number, big-endian by default, of the bytes that follow it. Immutable: each method returns a
/// changed copy.
public final class Frames implements Function<Flux<ByteBuffer>, Flux<ByteBuffer>> {

    private final int prefixBytes;
    private final ByteOrder order;
    private final int maxLength;

    private Frames(int prefixBytes, ByteOrder order, int maxLength) {
        this.prefixBytes = prefixBytes;
        this.order = Objects.requireNonNull(order);
        this.maxLength = maxLength;
    }

    /// Frames of at most 1 MiB with a length prefix of `bytes` bytes: 1, 2, 4 or 8.
    public static Frames lengthPrefixed(int bytes) {
        if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
            throw new IllegalArgumentException("length prefix has " + bytes + " bytes, must have 1, 2, 4 or 8");
        }
        return new Frames(bytes, ByteOrder.BIG_ENDIAN, 1 << 20);
    }

    /// The byte order of the length.
    public Frames order(ByteOrder order) {
        return new Frames(prefixBytes, order, maxLength);
    }

    /// The largest size of a frame in bytes, without its length prefix. A longer frame fails the stream with
    /// [ProtocolException] as soon as its length has arrived.
    public Frames maxLength(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("maxLength is " + bytes + ", must not be negative");
        }
        return new Frames(prefixBytes, order, bytes);
    }

    /// The frames of `chunks` without their lengths, in heap buffers of exact size that belong to the subscriber. Without
    /// demand nothing is requested. Of a connection's `receive()`, only the bytes of the signalled frames are consumed: see
    /// [io.trale.reactive.Connection#receive]. A stream that ends inside a frame fails with [EOFException].
    @Override
    public Flux<ByteBuffer> apply(Flux<ByteBuffer> chunks) {
        return DecodeFlux.<ByteBuffer>of(chunks, "frames", () -> this::decode);
    }

    /// A new buffer with the length of `payload` and its bytes; `payload` is not modified. Throws [IllegalArgumentException] if
    /// `payload` is longer than [#maxLength] or than the length prefix can express.
    public ByteBuffer encode(ByteBuffer payload) {
        int length = payload.remaining();
        if (length > maxLength || prefixBytes < Integer.BYTES && length >= 1 << 8 * prefixBytes) {
            throw new IllegalArgumentException("frame has " + length + " bytes, must have at most " + maxLength
                    + ", with a length prefix of " + prefixBytes + " bytes");
        }
        ByteBuffer frame = ByteBuffer.allocate(prefixBytes + length).order(order);
        switch (prefixBytes) {
            case 1 -> frame.put((byte) length);
            case 2 -> frame.putShort((short) length);
            case 4 -> frame.putInt(length);
            default -> frame.putLong(length);
        }
        return frame.put(payload.duplicate()).flip();
    }

    private @Nullable ByteBuffer decode(ByteBuffer in, boolean end) throws IOException {
        if (in.remaining() < prefixBytes) {
            if (end && in.hasRemaining()) {
                throw cut(in.remaining() + " of " + prefixBytes + " bytes of its length prefix");
            }
            return null;
        }
        int length = length(in.order(order), in.position());
        int came = in.remaining() - prefixBytes;
        if (came < length) {
            if (end) {
                throw cut(came + " of " + length + " bytes");
            }
            return null;
        }
        byte[] payload = new byte[length];
        in.position(in.position() + prefixBytes).get(payload);
        return ByteBuffer.wrap(payload);
    }

    private int length(ByteBuffer in, int at) throws ProtocolException {
        long length = switch (prefixBytes) {
            case 1 -> Byte.toUnsignedLong(in.get(at));
            case 2 -> Short.toUnsignedLong(in.getShort(at));
            case 4 -> Integer.toUnsignedLong(in.getInt(at));
            default -> in.getLong(at);
        };
        if (Long.compareUnsigned(length, maxLength) > 0) {
            throw new ProtocolException("frame has " + Long.toUnsignedString(length) + " bytes, must have at most " + maxLength);
        }
        return (int) length;
    }

    private static EOFException cut(String what) {
        return new EOFException("the stream ended inside a frame, after " + what);
    }
}
