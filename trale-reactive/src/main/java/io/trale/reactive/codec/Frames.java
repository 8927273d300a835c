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

/// A view of received bytes as frames, each with its length before it; and the other direction, [#encode].
///
/// ```java
/// Frames frames = Frames.lengthPrefixed(4);
/// connection.send(connection.receive().transform(frames).map(frames::encode));
/// ```
///
/// The length is unsigned, most significant byte first unless said otherwise, and counts what follows it. Immutable:
/// each method returns a changed copy.
public final class Frames implements Function<Flux<ByteBuffer>, Flux<ByteBuffer>> {

    private final int prefixBytes;
    private final ByteOrder order;
    private final int maxLength;

    private Frames(int prefixBytes, ByteOrder order, int maxLength) {
        this.prefixBytes = prefixBytes;
        this.order = Objects.requireNonNull(order);
        this.maxLength = maxLength;
    }

    /// Frames of at most 1 MiB after a length of `bytes` bytes: 1, 2, 4 or 8.
    public static Frames lengthPrefixed(int bytes) {
        if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
            throw new IllegalArgumentException("a length of " + bytes + " bytes, must be 1, 2, 4 or 8");
        }
        return new Frames(bytes, ByteOrder.BIG_ENDIAN, 1 << 20);
    }

    /// In which order the bytes of the length come.
    public Frames order(ByteOrder order) {
        return new Frames(prefixBytes, order, maxLength);
    }

    /// How many bytes a frame may have, without its length. A longer one is a failure, [ProtocolException], once its
    /// length has come.
    public Frames maxLength(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("maxLength is " + bytes + ", must not be negative");
        }
        return new Frames(prefixBytes, order, bytes);
    }

    /// The frames of `chunks`, without their lengths: heap buffers of exact size that belong to the subscriber. While none
    /// is wanted nothing is asked for. Of a connection's `receive()` no more is consumed than makes the frames that were
    /// signalled: see [io.trale.reactive.Connection#receive]. A stream that ends inside a frame is a failure,
    /// [EOFException].
    @Override
    public Flux<ByteBuffer> apply(Flux<ByteBuffer> chunks) {
        return DecodeFlux.<ByteBuffer>of(chunks, "frames", () -> this::decode);
    }

    /// A new buffer with the length of `payload` and its bytes; `payload` is left as it is. Throws
    /// [IllegalArgumentException] if that is more than a frame may have, or than the length can say.
    public ByteBuffer encode(ByteBuffer payload) {
        int length = payload.remaining();
        if (length > maxLength || prefixBytes < Integer.BYTES && length >= 1 << 8 * prefixBytes) {
            throw new IllegalArgumentException("a frame of " + length + " bytes, at most " + maxLength
                    + " after a length of " + prefixBytes);
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
                throw cut(in.remaining() + " bytes of its length, which has " + prefixBytes);
            }
            return null;
        }
        int length = length(in.order(order), in.position());
        int came = in.remaining() - prefixBytes;
        if (came < length) {
            if (end) {
                throw cut(came + " bytes of " + length);
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
            throw new ProtocolException("a frame of " + Long.toUnsignedString(length) + " bytes, at most " + maxLength);
        }
        return (int) length;
    }

    private static EOFException cut(String what) {
        return new EOFException("the stream ended inside a frame: " + what);
    }
}
