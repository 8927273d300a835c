package io.trale.reactive;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
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

    /// What is allocated for a frame before more of it has come: a peer does not get memory for a promise.
    private static final int ADVANCE_BYTES = 4096;

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
    /// is wanted nothing is asked for; frames that came together wait in their chunk, and with a subscriber that is gone
    /// they are gone too. A stream that ends inside a frame is a failure, [EOFException].
    @Override
    public Flux<ByteBuffer> apply(Flux<ByteBuffer> chunks) {
        return Decoding.flux(chunks, "frames", Cutter::new);
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

    private final class Cutter implements Decoder<ByteBuffer> {

        private final ByteBuffer prefix = ByteBuffer.allocate(prefixBytes).order(order);
        /// What has come of the frame, and room; null until its length is known.
        private byte @Nullable [] payload;
        private int length;
        private int filled;

        @Override
        public @Nullable ByteBuffer next(ByteBuffer chunk, boolean end) throws IOException {
            byte[] bytes = payload;
            if (bytes == null) {
                while (prefix.hasRemaining() && chunk.hasRemaining()) {
                    prefix.put(chunk.get());
                }
                if (prefix.hasRemaining()) {
                    return incomplete(end && prefix.position() > 0);
                }
                length = length();
                bytes = new byte[Math.min(length, Math.max(ADVANCE_BYTES, chunk.remaining()))];
            }
            while (filled < length && chunk.hasRemaining()) {
                if (filled == bytes.length) {
                    bytes = Arrays.copyOf(bytes, (int) Math.min(length, 2L * filled));
                }
                int count = Math.min(bytes.length - filled, chunk.remaining());
                chunk.get(bytes, filled, count);
                filled += count;
            }
            payload = bytes;
            if (filled < length) {
                return incomplete(end);
            }
            payload = null;
            filled = 0;
            prefix.clear();
            return ByteBuffer.wrap(bytes);
        }

        private @Nullable ByteBuffer incomplete(boolean forEver) throws EOFException {
            if (forEver) {
                throw new EOFException("the stream ended inside a frame: " + (prefix.hasRemaining()
                        ? prefix.position() + " bytes of its length, which has " + prefixBytes
                        : filled + " bytes of " + length));
            }
            return null;
        }

        private int length() throws ProtocolException {
            prefix.flip();
            long length = switch (prefixBytes) {
                case 1 -> Byte.toUnsignedLong(prefix.get());
                case 2 -> Short.toUnsignedLong(prefix.getShort());
                case 4 -> Integer.toUnsignedLong(prefix.getInt());
                default -> prefix.getLong();
            };
            if (Long.compareUnsigned(length, maxLength) > 0) {
                throw new ProtocolException("a frame of " + Long.toUnsignedString(length) + " bytes, at most " + maxLength);
            }
            return (int) length;
        }
    }
}
